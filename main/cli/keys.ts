import type { Scope } from "#contract/route.ts"
import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"
import { find } from "./people.ts"

export type KeyScope = Exclude<Scope, "owner" | "window">
export const keyScopes: readonly KeyScope[] = ["chat", "rag", "audio", "models", "ops", "dataset", "admin"]

/** `keys list|create|revoke`: what programs use to speak for somebody. */
export const keys = {
  async list(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
    const [{ items }, people] = await Promise.all([
      client.api("GET /api/keys", {}, signal),
      client.api("GET /api/people", {}, signal),
    ])
    const nameOf = (id: string | undefined): string => people.items.find((person) => person.id === id)?.name ?? ""
    printResult({ items }, json, () =>
      items.length === 0
        ? "No keys were made."
        : items
            .map(({ id, name, scopes, personId, lastUsedAt }) => {
              const used = lastUsedAt === null ? "never used" : `used ${new Date(lastUsedAt).toLocaleString()}`
              return `${id}  ${name}  (${nameOf(personId)}; ${scopes.join(", ")}; ${used})`
            })
            .join("\n"),
    )
    return exitCode.done
  },

  /** @param who On whose behalf the key acts. Null: the owner's. */
  async create(
    client: Client,
    request: { name: string; scopes: KeyScope[]; who: string | null },
    json: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const { name, scopes, who } = request
    const person = who === null ? {} : { personId: (await find(client, who, signal)).id }
    const made = await client.api("POST /api/keys", { body: { name, scopes, ...person } }, signal)
    printResult(made, json, () => `${made.secret}\nIt is shown this once: keep it in a safe place.`)
    return exitCode.done
  },

  async revoke(client: Client, id: string, json: boolean, signal: AbortSignal): Promise<number> {
    await client.api("DELETE /api/keys/:id", { params: { id } }, signal)
    printResult({ id }, json, () => "Revoked: whoever uses it is turned away from now on.")
    return exitCode.done
  },
}
