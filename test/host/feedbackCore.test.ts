import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { readEvents } from "../fakes/eventSource.ts"

describe("the real core", { timeout: 60_000 }, () => {
  let cli: CommandLine
  beforeEach(() => {
    cli = createCommandLine()
  })
  afterEach(() => cli.close())

  it("streams a query over its documents, learns from what is told of it, and forgets on request", async () => {
    const docs = join(cli.dataDir, "..", "docs")
    mkdirSync(docs, { recursive: true })
    writeFileSync(join(docs, "gate.md"), "# Gate\n\nThe code of the garden gate is 4711.\n")
    const { baseUrl, key } = await cli.serve()
    const added = await cli.run(["ingest", docs, "--json"])
    expect(added.code, added.stderr).toBe(0)
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const body = JSON.stringify({ query: "What is the code of the garden gate?", answer: true })
    const { events } = await readEvents(await fetch(`${baseUrl}/rag/stream_query`, { method: "POST", headers, body }))
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["P0", "P1", "P2", "token", "answer", "done"]),
    )
    expect(events.find(({ event }) => event === "answer")?.data.answer).toContain("4711")

    const query_id: string = events[0]?.data.query_id
    const best: string = events.find(({ event }) => event === "P2")?.data.results[0].id
    const told = await fetch(`${baseUrl}/rag/feedback`, {
      method: "POST",
      headers,
      body: JSON.stringify({ query_id, chunk_id: best, event: "up" }),
    })
    expect(told.status).toBe(200)
    const shown = await cli.run(["feedback", "show", "--json"])
    expect(JSON.parse(shown.stdout)).toMatchObject({ queries: 1, events: { up: 1, cite: 1 } })

    const asked = await cli.run(["feedback", "forget"])
    expect(asked.code).toBe(2)
    const forgotten = await cli.run(["feedback", "forget", "--yes", "--json"])
    expect(JSON.parse(forgotten.stdout)).toEqual({ queries: 1, events: 2 })
    expect((await fetch(`${baseUrl}/rag/feedback/${query_id}`, { headers })).status).toBe(404)
  })

  it("keeps what a chat's answer showed under the answer's id, and nothing of a temporary chat", async () => {
    const docs = join(cli.dataDir, "..", "docs")
    mkdirSync(docs, { recursive: true })
    writeFileSync(join(docs, "gate.md"), "# Gate\n\nThe code of the garden gate is 4711.\n")
    const { baseUrl, key } = await cli.serve()
    await cli.run(["ingest", docs, "--json"])
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const answerTo = async (options: Record<string, unknown>): Promise<string> => {
      const body = JSON.stringify({ kind: "text", text: "What is the code of the garden gate?", options })
      const started = await (await fetch(`${baseUrl}/api/turns`, { method: "POST", headers, body })).json()
      const { events } = await readEvents(await fetch(`${baseUrl}/api/turns/${started.turnId}/events`, { headers }))
      expect(events.some(({ event }) => event === "retrieve-end")).toBe(true)
      return events.find(({ event }) => event === "turn-start")?.data.messageId
    }
    const view = async (id: string) => await fetch(`${baseUrl}/rag/feedback/${id}`, { headers })
    const kept = await view(await answerTo({}))
    expect(kept.status).toBe(200)
    const { surface, passages } = await kept.json()
    expect(surface).toBe("chat")
    expect(passages[0]).toMatchObject({ position: 1, features: { feedback: 0 } })
    expect((await view(await answerTo({ temporary: true }))).status).toBe(404)
  })
})
