import { afterEach, beforeEach, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { createRagServer, type RagServer } from "../fakes/ragServer.ts"

let server: RagServer
let ids: Map<string, string>
beforeEach(async () => {
  server = await createRagServer({
    documents: {
      "jug.md": "Change the filter of the jug every month.",
      "boiler.txt": "Change the filter of the boiler every year.",
      "pool.md": "Change the filter of the pool every week.",
    },
  })
  const { items } = await server.store.documents.list(ownerActor, { limit: 10 })
  ids = new Map(items.map(({ id, path }) => [path.split("/").at(-1) ?? "", id]))
})
afterEach(() => server.close())

const found = async (filter: unknown): Promise<string[]> => {
  const response = await server.call("POST", "/rag/query2", { query: "How often is the filter changed?", filter })
  expect(response.status).toBe(200)
  const body = (await response.json()) as { chunks: { document_id: string }[] }
  return body.chunks.map(({ document_id }) => [...ids].find(([, id]) => id === document_id)?.[0] ?? "").sort()
}

it("finds only what the filter lets through", async () => {
  await server.store.documents.setTags(ownerActor, ids.get("pool.md") ?? "", ["outside"])
  expect(await found({})).toEqual(["boiler.txt", "jug.md", "pool.md"])
  expect(await found({ tags: ["outside"] })).toEqual(["pool.md"])
  expect(await found({ types: ["txt"] })).toEqual(["boiler.txt"])
  expect(await found({ document_ids: [ids.get("jug.md"), ids.get("pool.md")] })).toEqual(["jug.md", "pool.md"])
  expect(await found({ types: ["md"], tags: ["outside"] })).toEqual(["pool.md"])
  expect(await found({ before: 1 })).toEqual([])
  expect(await found({ after: 1 })).toHaveLength(3)
})

it("limits the streamed search too", async () => {
  const response = await server.call("POST", "/rag/stream_query", { query: "filter", filter: { types: ["txt"] } })
  const text = await response.text()
  expect(text).toContain(ids.get("boiler.txt"))
  expect(text).not.toContain(ids.get("jug.md"))
})

it.each([{ kinds: ["md"] }, { types: ["exe"] }, { tags: [""] }, { after: "yesterday" }])(
  "refuses a filter it does not know: %j",
  async (filter) => {
    expect((await server.call("POST", "/rag/query", { query: "filter", filter })).status).toBe(422)
  },
)

it("says whether embedding and search were at hand from before", async () => {
  const response = await server.call("POST", "/rag/query2", { query: "filter" })
  const body = (await response.json()) as { answer_meta: { cache: unknown; retrieval_error: unknown } }
  expect(body.answer_meta).toMatchObject({ cache: { embedding: "off", retrieval: "off" }, retrieval_error: null })
})
