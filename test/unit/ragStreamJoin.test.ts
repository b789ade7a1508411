import { describe, expect, it } from "vitest"
import type { RagStreamEvent } from "#contract/ragStream.ts"
import { joinRagStream } from "#server/joinRagStream.ts"
import { createResumableStreams } from "#server/resumableStreams.ts"

const result = (id: string, rank: number, score: number) => ({
  id,
  document_id: "d",
  title: "t",
  text_preview: "",
  distance: 0.5,
  score,
  rank,
})
const p0 = (...scores: number[]): RagStreamEvent => ({
  phase: "P0",
  provisional: true,
  query_id: "q",
  results: scores.map((score, index) => result(`c${index}`, index + 1, score)),
  meta: { embed_ms: Math.random(), search_ms: 1, index: null, retrieved: 3 },
})
const token = (text: string): RagStreamEvent => ({ phase: "token", text })
const done: RagStreamEvent = { phase: "done", query_id: "q", timings: {} }

async function join(sent: RagStreamEvent[], fresh: RagStreamEvent[]): Promise<RagStreamEvent[]> {
  async function* source() {
    yield* fresh
  }
  const joined: RagStreamEvent[] = []
  for await (const event of joinRagStream(sent, source())) joined.push(event)
  return joined
}

describe("a stream that goes on", () => {
  it("does not repeat phases that came out the same, whatever time they took", async () => {
    expect(await join([p0(0.9, 0.4)], [p0(0.9, 0.4), done])).toEqual([done])
  })

  it("sends a phase again whose ranking changed", async () => {
    const changed = p0(0.9, 0.5)
    expect(await join([p0(0.9, 0.4)], [changed, done])).toEqual([changed, done])
  })

  it("continues an answer in the middle of a token", async () => {
    expect(await join([token("Change "), token("the")], [token("Change the fil"), token("ter.")])).toEqual([
      token(" fil"),
      token("ter."),
    ])
  })

  it("replaces an answer that is worded differently now", async () => {
    expect(await join([token("Every month")], [token("Each "), token("month.")])).toEqual([
      { phase: "token", text: "Each ", replaces: true },
      token("month."),
    ])
  })

  it("does not say twice what was remembered", async () => {
    const memory: RagStreamEvent = {
      phase: "MEM",
      ack: true,
      stored_id: "m",
      action: "stored",
      text_preview: "x",
      source: "memory",
      user_id: null,
      group_ids: [],
    }
    expect(await join([memory], [{ ...memory, action: "known" }, done])).toEqual([done])
  })
})

describe("streams kept for those who come back", () => {
  const source = (count: number) => ({
    async *run() {
      for (let index = 0; index < count; index++) yield { phase: `e${index}` }
    },
    join: (_sent: readonly { phase: string }[], fresh: AsyncIterable<{ phase: string }>) => fresh,
  })
  const ids = async (items: AsyncIterable<{ id?: number }>) => {
    const got: (number | undefined)[] = []
    for await (const { id } of items) got.push(id)
    return got
  }

  it("are told apart by who asks what", async () => {
    const streams = createResumableStreams({ monotonic: () => 0 })
    await ids(streams.open("a", null, source(3)))
    expect(await ids(streams.open("a", 0, source(3)))).toEqual([1, 2])
    expect(await ids(streams.open("b", 0, source(3)))).toEqual([0, 1, 2])
  })

  it("are dropped after a minute, and when there are too many", async () => {
    let now = 0
    const streams = createResumableStreams({ monotonic: () => now })
    await ids(streams.open("a", null, source(3)))
    now = 61_000
    expect(await ids(streams.open("a", 1, source(3)))).toEqual([0, 1, 2])
    for (let index = 0; index < 70; index++) await ids(streams.open(`other ${index}`, null, source(1)))
    expect(await ids(streams.open("a", 1, source(3)))).toEqual([0, 1, 2])
  })
})
