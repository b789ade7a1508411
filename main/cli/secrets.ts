import { text } from "node:stream/consumers"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"

const places = {
  env: "environment",
  keychain: "system keychain",
  vault: "encrypted vault",
  file: "private file, not encrypted",
} as const

/** `secrets list|set|rm`. A value comes from stdin: arguments are seen by every process of the machine. */
export const secrets = {
  async list(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
    const list = await client.api("GET /api/secrets", {}, signal)
    printResult(list, json, () =>
      list.items.length === 0
        ? `No secrets are set. A new one would go into: ${places[list.place]}.`
        : list.items.map(({ name, source }) => `${name.padEnd(40)}  ${places[source]}`).join("\n"),
    )
    return exitCode.done
  },

  async set(client: Client, name: string, json: boolean, signal: AbortSignal): Promise<number> {
    if (process.stdin.isTTY) process.stderr.write("The value, then end of input (Ctrl-D): ")
    const value = (await text(process.stdin)).trim()
    if (value === "") {
      throw new AppError("request.invalid", "No value came in.", {
        remedy: `Pipe it in: printf %s "$KEY" | zenglow secrets set ${name}`,
      })
    }
    const result = await client.api("PUT /api/secrets/:name", { params: { name }, body: { value } }, signal)
    printResult(result, json, () => `${name}: ${places[result.source]}`)
    return exitCode.done
  },

  async remove(client: Client, name: string, json: boolean, signal: AbortSignal): Promise<number> {
    const result = await client.api("DELETE /api/secrets/:name", { params: { name } }, signal)
    printResult(result, json, () => `${name}: forgotten`)
    return exitCode.done
  },
}
