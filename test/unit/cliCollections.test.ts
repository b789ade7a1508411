import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { chooseCollections } from "#cli/ask.ts"
import type { Client } from "#cli/client.ts"

const { signal } = new AbortController()
let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "zenglow-docs-")))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function fakeClient(watchedPath: string): { client: Client; asked: string[] } {
  const asked: string[] = []
  const watched = { id: "f1", collectionId: "kitchen", name: "docs", path: watchedPath, done: 0, total: 0 }
  const answers: Record<string, unknown> = {
    "GET /api/folders": { items: [{ ...watched, state: "watching" }] },
    "POST /api/folders/:id/rescan": { ...watched, state: "watching" },
    "POST /api/documents/add-path": { jobId: "j1", collectionId: "own" },
    "GET /api/jobs/:id": { status: "done" },
  }
  const client = {
    isOwn: true,
    api: async (route: string) => {
      asked.push(route)
      return answers[route]
    },
    stream: async function* () {},
  } as unknown as Client
  return { client, asked }
}

it("asks a watched folder where it is, instead of reading it a second time", async () => {
  const { client, asked } = fakeClient(folder)
  expect(await chooseCollections(client, { docs: [folder] }, signal)).toEqual(["kitchen"])
  expect(asked).toEqual(["GET /api/folders", "POST /api/folders/:id/rescan"])
})

it("reads any other path, and every path that is to go into a named collection", async () => {
  const { client, asked } = fakeClient(join(folder, "other"))
  expect(await chooseCollections(client, { docs: [folder] }, signal)).toEqual(["own"])
  expect(asked).toContain("POST /api/documents/add-path")
})
