import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { RagStreamDelta, RagStreamPlace } from "#contract/ragStream.ts"
import { ragStreamEvent } from "#contract/ragStream.ts"
import { ownerActor } from "#core/actor.ts"
import type { RagService } from "#server/deps.ts"
import { readEvents, type SentEvent } from "../fakes/eventSource.ts"
import { createRagServer, type RagServer } from "../fakes/ragServer.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const documents = {
  "jug.md":
    "# Water jug\n\n## Filter\n\nChange the filter every month.\n\n## Cleaning\n\nRinse the jug with warm water.\n",
  "machine.md":
    "# Coffee machine\n\n## Care\n\nDescale the machine every two months. Change the water every day.\n\n## Warranty\n\nThe warranty runs for 3 years.\n",
  "boiler.md":
    "# Boiler\n\n## Service\n\nThe boiler is serviced every autumn. The filter of the boiler is changed yearly.\n",
}
const query = "How often do I change the filter?"

let server: RagServer
afterEach(() => server.close())

const ask = (body: Record<string, unknown>, headers?: Record<string, string>) =>
  server.call("POST", "/rag/stream_query", body, headers)
const of = (events: SentEvent[], phase: string) => events.filter(({ event }) => event === phase)
const only = (events: SentEvent[], phase: string): SentEvent["data"] => {
  const found = of(events, phase)
  expect(found, phase).toHaveLength(1)
  return found[0]?.data
}

/** A client's own replay, from the description of the route alone. */
function replay(results: RagStreamPlace[], deltas: RagStreamDelta[]): RagStreamPlace[] {
  const places = new Map(results.map((result) => [result.id, result]))
  for (const delta of deltas) {
    if (delta.new_rank === null) places.delete(delta.id)
    else
      places.set(delta.id, {
        ...(places.get(delta.id) as RagStreamPlace),
        ...delta.entered,
        id: delta.id,
        rank: delta.new_rank,
        score: delta.score,
      })
  }
  return [...places.values()].sort((a, b) => a.rank - b.rank)
}
const placesOf = (results: RagStreamPlace[]): RagStreamPlace[] =>
  results.map(({ id, document_id, title, text_preview, distance, score, rank }) => ({
    id,
    document_id,
    title,
    text_preview,
    distance,
    score,
    rank,
  }))

describe("a streamed query", () => {
  beforeEach(async () => {
    server = await createRagServer({ documents, llm: { replies: [{ text: "Change the filter every month." }] } })
  })

  it("sends its phases in order, numbered without gaps, each as the contract describes it, and ends with done", async () => {
    const response = await ask({ query, answer: true })
    expect(response.headers.get("content-type")).toContain("text/event-stream")
    expect(response.headers.get("cache-control")).toContain("no-transform")
    const { events } = await readEvents(response)
    expect(events.map(({ id }) => Number(id))).toEqual(events.map((_, index) => index))
    for (const { event, data } of events) {
      expect(data.phase).toBe(event)
      expect(ragStreamEvent.parse(data)).toEqual(data)
    }
    const phases = events.map(({ event }) => event)
    expect(phases.slice(0, 3)).toEqual(["P0", "P1", "P2"])
    expect([...new Set(phases)]).toEqual(["P0", "P1", "P2", "token", "answer", "done"])
    expect(only(events, "done").timings).toMatchObject({ total_ms: expect.any(Number), p0_ms: expect.any(Number) })
    const answer = only(events, "answer")
    expect(answer.answer).toContain("every month")
    expect(answer.found).toBe(true)
    expect(only(events, "P2").results.map(({ id }: { id: string }) => id)).toContain(answer.citations[0].chunk_id)
    expect(
      of(events, "token")
        .map(({ data }) => data.text)
        .join(""),
    ).toContain("every month")
  })

  it("without an answer ends after the final phase", async () => {
    const { events } = await readEvents(await ask({ query }))
    expect(events.map(({ event }) => event)).toEqual(["P0", "P1", "P2", "done"])
  })

  it.each([
    query,
    "filter",
    "What is the warranty of the machine and how often is the boiler serviced?",
    "zebra quantum",
  ])("has deltas that replay exactly onto the phase before: %s", async (text) => {
    for (const top_k of [1, 2, 10]) {
      const { events } = await readEvents(await ask({ query: text, top_k }))
      const [p0, p1, p2] = ["P0", "P1", "P2"].map((phase) => only(events, phase))
      expect(replay(placesOf(p0.results), p1.delta)).toEqual(placesOf(p1.results))
      expect(replay(placesOf(p1.results), p2.delta)).toEqual(placesOf(p2.results))
      for (const { id, score_delta, score } of p2.delta) {
        const before = p1.results.find((result: { id: string }) => result.id === id)
        if (before) expect(score_delta).toBeCloseTo(score - before.score, 12)
      }
    }
  })

  it("says everything its scores are made of: they can be computed again", async () => {
    const { events } = await readEvents(await ask({ query }))
    const p1 = only(events, "P1")
    expect(p1.results.length).toBeGreaterThan(2)
    const { bias, weights } = p1.ranking
    const p2 = only(events, "P2")
    for (const result of p2.results) {
      const linear = p1.feature_names.reduce(
        (sum: number, name: string) => sum + (weights[name] ?? 0) * result.features[name],
        bias,
      )
      const learned = 1 / (1 + Math.exp(-linear))
      expect(result.ltr_score).toBeCloseTo(learned, 9)
      const fused = p1.fusion_weights.ltr * learned + p1.fusion_weights.conceptual * result.conceptual_score
      const adjusted = result.adjustments.reduce((sum: number, { value }: { value: number }) => sum + value, fused)
      expect(result.score).toBeCloseTo(adjusted, 9)
    }
  })

  it("is the ranking that the other routes give", async () => {
    const { events } = await readEvents(await ask({ query, top_k: 5 }))
    const listed = await (await server.call("POST", "/rag/query2", { query, top_k: 5 })).json()
    expect(only(events, "P2").results.map(({ id, score }: RagStreamPlace) => [id, score])).toEqual(
      listed.results.map(({ chunk_id, fused_score }: { chunk_id: string; fused_score: number }) => [
        chunk_id,
        fused_score,
      ]),
    )
  })

  it("remembers what POST asks to remember, and never by reading an address", async () => {
    const text = "Remember that the spare key hangs behind the boiler."
    const address = `/rag/stream_query?query=${encodeURIComponent(text)}`
    const refused = await readEvents(await server.call("GET", address))
    expect(refused.events.map(({ event }) => event)).toEqual(["MEM", "done"])
    expect(only(refused.events, "MEM")).toMatchObject({ ack: false, stored_id: null, action: "refused" })
    expect((await server.store.memories.list(ownerActor, { limit: 5 })).total).toBe(0)

    const { events } = await readEvents(await ask({ query: text, user_id: 7, group_ids: [1, 2] }))
    const memory = only(events, "MEM")
    expect(memory).toMatchObject({ ack: true, action: "stored", user_id: 7, group_ids: [1, 2] })
    const kept = await server.store.memories.get(ownerActor, memory.stored_id)
    expect(kept.text).toContain("spare key")
    const again = await readEvents(await ask({ query: text }))
    expect(only(again.events, "MEM")).toMatchObject({ ack: true, action: "known", stored_id: memory.stored_id })

    const asked = await readEvents(await ask({ query: "Where does the spare key hang?" }))
    expect(only(asked.events, "P0").meta.memory).toEqual({ added: 1 })
    expect(only(asked.events, "P2").results[0]).toMatchObject({ id: memory.stored_id, title: "Memory" })
  })

  it("takes its parameters from an address too", async () => {
    const address = `/rag/stream_query?query=filter&top_k=1&answer=true&collection_ids=${server.collectionId}`
    const { events } = await readEvents(await server.call("GET", address))
    expect(only(events, "P2").results).toHaveLength(1)
    expect(of(events, "token").length).toBeGreaterThan(0)
    expect((await server.call("GET", "/rag/stream_query")).status).toBe(422)
    expect((await server.call("GET", "/rag/stream_query?query=x&top_k=0")).status).toBe(422)
    expect((await server.call("GET", "/rag/stream_query?query=x&collection_ids=none")).status).toBe(404)
  })

  it("finds by an address only what its filter lets through, as by POST", async () => {
    const { items } = await server.store.documents.list(ownerActor, { limit: 10 })
    const jug = items.find(({ path }) => path.endsWith("jug.md"))
    const machine = items.find(({ path }) => path.endsWith("machine.md"))
    await server.store.documents.setTags(ownerActor, machine?.id ?? "", ["kitchen", "coffee"])
    const found = async (parameters: string): Promise<string[]> => {
      const address = `/rag/stream_query?query=change+the+filter&top_k=20&${parameters}`
      const { events } = await readEvents(await server.call("GET", address))
      return [...new Set<string>(only(events, "P2").results.map((result: RagStreamPlace) => result.document_id))].sort()
    }
    expect(await found("")).toHaveLength(3)
    expect(await found(`document_ids=${jug?.id}`)).toEqual([jug?.id])
    expect(await found(`document_ids=${jug?.id},${machine?.id}`)).toEqual([jug?.id, machine?.id].sort())
    expect(await found("tags=coffee,tea")).toEqual([machine?.id])
    expect(await found("types=md,txt")).toHaveLength(3)
    expect(await found("types=pdf")).toEqual([])
    expect(await found(`before=${(jug?.createdAt ?? 0) - 60_000}`)).toEqual([])
    expect(await found(`after=${(jug?.createdAt ?? 0) - 60_000}`)).toHaveLength(3)
    for (const wrong of ["types=poem", "after=soon", "tags=", "owner=me"]) {
      const { status } = await server.call("GET", `/rag/stream_query?query=x&${wrong}`)
      expect(status, wrong).toBe(wrong === "tags=" ? 200 : 422)
    }
  })
})

/** The first stream after `arm` waits behind its event of this number until its client has gone. */
function stopping() {
  let stopAfter: number | null = null
  return {
    arm: (after: number) => {
      stopAfter = after
    },
    wrap: (service: RagService): RagService => ({
      ...service,
      async *stream(...input) {
        const stop = stopAfter
        stopAfter = null
        const signal = input[3]
        let count = 0
        for await (const event of service.stream(...input)) {
          yield event
          if (count++ === stop)
            await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
        }
      },
    }),
  }
}

describe("a broken streamed query", () => {
  it.each([
    ["after the first phase", 0],
    ["after the last phase", 2],
    ["inside the answer", 4],
  ])("goes on %s, with nothing lost or repeated", async (_where, lastId) => {
    const { arm, wrap } = stopping()
    server = await createRagServer({
      documents,
      llm: { replies: [{ text: "Change the filter every month." }] },
      wrap,
    })
    const whole = await readEvents(await ask({ query, answer: true }))
    arm(lastId)
    const first = await readEvents(await ask({ query, answer: true }), ({ id }) => id === String(lastId))
    expect(first.events).toHaveLength(lastId + 1)
    const rest = await readEvents(await ask({ query, answer: true }, { "last-event-id": String(lastId) }))
    const joined = [...first.events, ...rest.events]
    expect(joined.map(({ id }) => Number(id))).toEqual(joined.map((_, index) => index))
    expect(joined.map(({ event }) => event)).toEqual(whole.events.map(({ event }) => event))
    const texts = (events: SentEvent[]) =>
      of(events, "token")
        .map(({ data }) => data.text)
        .join("")
    expect(texts(joined)).toBe(texts(whole.events))
    expect(only(joined, "done").query_id).toBe(only(first.events, "P0").query_id)
  })

  it("that was complete only repeats what was missed", async () => {
    let runs = 0
    server = await createRagServer({
      documents,
      wrap: (service) => ({
        ...service,
        stream: (...input) => {
          runs++
          return service.stream(...input)
        },
      }),
    })
    await readEvents(await ask({ query }))
    const { events } = await readEvents(await ask({ query }, { "last-event-id": "1" }))
    expect(events.map(({ event }) => event)).toEqual(["P2", "done"])
    expect(runs).toBe(1)
  })

  it("begins again from P0 when the documents changed meanwhile, so that deltas still replay", async () => {
    const { arm, wrap } = stopping()
    server = await createRagServer({ documents, wrap })
    arm(1)
    await readEvents(await ask({ query }), ({ event }) => event === "P1")
    const [first] = await server.store.documents.list(ownerActor, { limit: 9 }).then(({ items }) => items)
    await server.store.documents.delete(ownerActor, first?.id ?? "")
    const { events } = await readEvents(await ask({ query }, { "last-event-id": "1" }))
    expect(events.map(({ event }) => event)).toEqual(["P0", "P1", "P2", "done"])
    expect(events[0]?.id).toBe("2")
    expect(replay(placesOf(only(events, "P0").results), only(events, "P1").delta)).toEqual(
      placesOf(only(events, "P1").results),
    )
  })

  it("of which nothing is known begins anew; a number that is none is refused", async () => {
    server = await createRagServer({ documents })
    const { events } = await readEvents(await ask({ query }, { "last-event-id": "17" }))
    expect(events.map(({ id, event }) => [id, event])).toEqual([
      ["0", "P0"],
      ["1", "P1"],
      ["2", "P2"],
      ["3", "done"],
    ])
    expect((await ask({ query }, { "last-event-id": "x" })).status).toBe(422)
  })
})

describe("a failing streamed query", () => {
  const failing = (at: number, error: () => unknown) => (service: RagService) => ({
    ...service,
    async *stream(...input: Parameters<RagService["stream"]>) {
      let count = 0
      for await (const event of service.stream(...input)) {
        if (count++ === at) throw error()
        yield event
      }
    },
  })

  it("closes with one typed error that keeps inner words inside", async () => {
    server = await createRagServer({ documents, wrap: failing(2, () => new Error("secret at /home/me")) })
    const { events } = await readEvents(await ask({ query }))
    expect(events.map(({ event }) => event)).toEqual(["P0", "P1", "error"])
    const error = only(events, "error")
    expect(ragStreamEvent.parse(error)).toMatchObject({ phase: "error", code: "internal" })
    expect(JSON.stringify(error)).not.toContain("/home/me")
    expect(events.at(-1)?.id).toBe("2")
  })

  it("that fails before its first event answers with a status", async () => {
    server = await createRagServer({ documents })
    const response = await ask({ query, collection_ids: ["none"] })
    expect(response.status).toBe(404)
    expect((await response.json()).error.code).toBe("collection.not-found")
  })
})

describe("a client that leaves", () => {
  it("ends the search it was waiting for", async () => {
    const embedding = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const words = createWordEmbedder()
    let isArmed = false
    server = await createRagServer({
      documents,
      embedder: {
        ...words,
        embed(texts, kind, signal) {
          if (!isArmed) return words.embed(texts, kind, signal)
          embedding.resolve()
          // Deaf to the signal, as a native engine in the middle of a call is.
          return new Promise(() => {})
        },
      },
      wrap: (service) => ({
        ...service,
        async *stream(...input) {
          try {
            yield* service.stream(...input)
          } finally {
            left.resolve()
          }
        },
      }),
    })
    isArmed = true
    const leaving = new AbortController()
    const response = fetch(`${server.baseUrl}/rag/stream_query?query=filter`, {
      headers: { authorization: "Bearer zg_test-key-with-enough-characters" },
      signal: leaving.signal,
    })
    await embedding.promise
    leaving.abort()
    await expect(response).rejects.toThrow()
    await left.promise
  })

  it("ends the writing of its answer", async () => {
    const left = Promise.withResolvers<void>()
    server = await createRagServer({
      documents,
      llm: { replies: [{ text: "Change the filter every month.", hold: { before: 2, until: new Promise(() => {}) } }] },
      wrap: (service) => ({
        ...service,
        async *stream(...input) {
          try {
            yield* service.stream(...input)
          } finally {
            left.resolve()
          }
        },
      }),
    })
    const { events } = await readEvents(await ask({ query, answer: true }), ({ event }) => event === "token")
    expect(events.at(-1)?.event).toBe("token")
    await left.promise
  })
})

it("streams many queries at once to their own clients, none lost, none mixed up", async () => {
  server = await createRagServer({ documents })
  const clients = Array.from({ length: 60 }, (_, index) => ["filter", "warranty", "boiler", "water"][index % 4] ?? "")
  const alone = new Map<string, string>()
  const essence = (events: SentEvent[]) =>
    JSON.stringify(events.map(({ id, event, data }) => [id, event, data.results?.map((r: RagStreamPlace) => r.id)]))
  for (const text of new Set(clients)) alone.set(text, essence((await readEvents(await ask({ query: text }))).events))
  const got = await Promise.all(
    clients.map(async (text) => essence((await readEvents(await ask({ query: text }))).events)),
  )
  expect(got).toEqual(clients.map((text) => alone.get(text)))
})

it("loses and reorders nothing when fifty clients get two hundred events each, whoever reads slowly", async () => {
  const events = 200
  server = await createRagServer({
    documents: {},
    wrap: (service) => ({
      ...service,
      async *stream(_actor, _query, { queryId }) {
        // Large enough to fill the buffers of a client that does not read.
        for (let index = 0; index < events; index++) yield { phase: "token", text: `${index} ${"x".repeat(2000)}` }
        yield { phase: "done", query_id: queryId, timings: {} }
      },
    }),
  })
  const slow = await server.call("GET", "/rag/stream_query?query=slow")
  const fast = Array.from({ length: 49 }, async (_, index) => {
    const { events: got } = await readEvents(await server.call("GET", `/rag/stream_query?query=client${index}`))
    return got
  })
  const read = await Promise.all(fast)
  for (const got of [...read, (await readEvents(slow)).events]) {
    expect(got.map(({ id }) => Number(id))).toEqual(Array.from({ length: events + 1 }, (_, index) => index))
    expect(got.slice(0, -1).map(({ data }) => Number.parseInt(data.text, 10))).toEqual(
      Array.from({ length: events }, (_, index) => index),
    )
    expect(got.at(-1)?.event).toBe("done")
  }
})
