import type { Memory } from "#contract/memory.ts"
import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"

/** `memory list|add|rm`. */
export const memory = {
  async list(client: Client, query: string | undefined, json: boolean, signal: AbortSignal): Promise<number> {
    const items: Memory[] = []
    let total = 0
    let cursor: string | undefined
    do {
      const page = await client.api("GET /api/memory", { query: { q: query, cursor, limit: 200 } }, signal)
      items.push(...page.items)
      total = page.total
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    printResult({ items, total }, json, () =>
      items.length === 0
        ? total === 0
          ? "Nothing is remembered."
          : "No memory has these words."
        : items
            .map(({ id, text, weight, source, createdAt }) => {
              const from =
                source.conversationTitle ?? { chat: "a chat", voice: "a voice chat", added: "added" }[source.kind]
              const note = weight === 1 ? "" : `, weight ${weight}`
              return `${id}  ${text}  (${from}, ${new Date(createdAt).toLocaleDateString()}${note})`
            })
            .join("\n"),
    )
    return exitCode.done
  },

  async add(
    client: Client,
    text: string,
    weight: number | undefined,
    json: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const added = await client.api("POST /api/memory", { body: { text, weight } }, signal)
    printResult(added, json, () => `Remembered as ${added.id}.`)
    return exitCode.done
  },

  /** `all` forgets everything. */
  async remove(client: Client, id: string, json: boolean, signal: AbortSignal): Promise<number> {
    const { forgotten } =
      id === "all"
        ? await client.api("DELETE /api/memory", { query: { confirm: "all" } }, signal)
        : await client.api("DELETE /api/memory/:id", { params: { id } }, signal).then(() => ({ forgotten: 1 }))
    printResult({ id, forgotten }, json, () => `Forgotten for good: ${forgotten}.`)
    return exitCode.done
  },
}
