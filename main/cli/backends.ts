import type { BackendKind } from "#contract/backends.ts"
import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"

export interface NewBackend {
  name: string
  kind: BackendKind
  baseUrl: string
  model: string | null
  allowsPrivate: boolean
  allowsDocuments: boolean
}

/** `backends list|add|test|rm`: other servers that models answer from. A key is set by `secrets set backend:<name>`. */
export const backends = {
  async list(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
    const list = await client.api("GET /api/backends", {}, signal)
    printResult(list, json, () =>
      list.items.length === 0
        ? "No other servers: every answer is written on this computer."
        : list.items
            .map(({ name, kind, baseUrl, model, health, allowsDocuments, isEnabled }) => {
              const sees = allowsDocuments ? "may see documents" : "sees no documents"
              return `${name}  ${kind}  ${baseUrl}  ${model ?? "no model"}  (${isEnabled ? health.state : "off"}; ${sees})`
            })
            .join("\n"),
    )
    return exitCode.done
  },

  async add(client: Client, backend: NewBackend, json: boolean, signal: AbortSignal): Promise<number> {
    const added = await client.api("POST /api/backends", { body: backend }, signal)
    printResult(added, json, () => `${added.name} is added. Try it: zenglow backends test ${added.name}`)
    return exitCode.done
  },

  async test(client: Client, name: string, json: boolean, signal: AbortSignal): Promise<number> {
    const result = await client.api("POST /api/backends/:name/test", { params: { name } }, signal)
    printResult(result, json, () =>
      result.error
        ? `${result.error.message} ${result.error.remedy ?? ""}`.trim()
        : [`${name} answers (${result.latencyMs} ms). Its models:`, ...result.models.map(({ id }) => `  ${id}`)].join(
            "\n",
          ),
    )
    return result.ok ? exitCode.done : exitCode.failed
  },

  async remove(client: Client, name: string, json: boolean, signal: AbortSignal): Promise<number> {
    await client.api("DELETE /api/backends/:name", { params: { name } }, signal)
    printResult({ name }, json, () => `${name}: forgotten, its key too`)
    return exitCode.done
  },
}
