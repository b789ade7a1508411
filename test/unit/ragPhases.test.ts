import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { applyDelta, type PhasePlace, phaseDelta } from "#contract/phaseDelta.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { type Adjustable, adjust, adjustmentLimit } from "#rag/adjust.ts"
import { defaultFusionWeights, normaliseFusionWeights, openFusionWeights } from "#rag/fusionWeights.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const listOf = (ids: readonly number[], scores: readonly number[]): PhasePlace[] =>
  ids.map((id, index) => ({
    id: `chunk-${id}`,
    documentId: `document-${id % 5}`,
    title: `Title ${id}`,
    textPreview: `Text ${id}`,
    distance: id / 100,
    score: scores[index] ?? 0,
    rank: index + 1,
  }))

const places = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 12 }),
    fc.array(fc.double({ noNaN: true, min: -1, max: 2 }), { minLength: 12, maxLength: 12 }),
  )
  .map(([ids, scores]) => listOf(ids, scores))

describe("deltas between phases", () => {
  it("replay exactly, whatever moved, entered or left", () => {
    fc.assert(
      fc.property(places, places, places, (first, second, third) => {
        const replayed = applyDelta(applyDelta(first, phaseDelta(first, second)), phaseDelta(second, third))
        expect(replayed).toEqual(third)
      }),
    )
  })

  it("say nothing about what stayed, and the places gained of what moved", () => {
    const before = listOf([1, 2, 3], [0.9, 0.5, 0.4])
    const after = listOf([1, 3, 4], [0.9, 0.8, 0.7])
    expect(phaseDelta(before, before)).toEqual([])
    expect(phaseDelta(before, after)).toMatchObject([
      { id: "chunk-3", oldRank: 3, newRank: 2, rankDelta: 1, score: 0.8 },
      { id: "chunk-4", oldRank: null, newRank: 3, rankDelta: null, entered: { title: "Title 4" } },
      { id: "chunk-2", oldRank: 2, newRank: null, rankDelta: null },
    ])
  })
})

const candidate = (text: string, score: number, more: Partial<Adjustable> = {}): Adjustable => ({
  documentId: text,
  title: "Notes",
  text,
  score,
  recency: 0.5,
  ...more,
})

describe("adjustments by context", () => {
  it("never move a passage by more than their limit, whatever is known", () => {
    const words = fc.constantFrom("Lisbon", "boiler", "E-14", "rent", "hotel", "filter", "latest", "Anna")
    const text = fc.array(words, { minLength: 1, maxLength: 8 }).map((list) => list.join(" "))
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            text,
            score: fc.double({ min: 0, max: 1, noNaN: true }),
            recency: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          {
            minLength: 2,
            maxLength: 10,
          },
        ),
        fc.array(text, { maxLength: 3 }),
        fc.array(fc.record({ text, weight: fc.double({ min: 0, max: 5, noNaN: true }) }), { maxLength: 3 }),
        text,
        (entries, history, memories, query) => {
          const list = entries.map((entry) =>
            candidate(entry.text, entry.score, { recency: entry.recency, documentId: "one" }),
          )
          const scores = list.map((entry) => entry.score)
          const limit = adjustmentLimit * (Math.max(...scores) - Math.min(...scores))
          const persona = { name: "Anna", description: "boiler and filter" }
          for (const own of adjust(query, list, { history, memories, persona })) {
            expect(Math.abs(own.reduce((sum, { value }) => sum + value, 0))).toBeLessThanOrEqual(limit + 1e-12)
            for (const { reason } of own) expect(reason).not.toBe("")
          }
        },
      ),
    )
  })

  it("prefer what the conversation was about, and say so", () => {
    const list = [
      candidate("The hotel in Porto costs 90 euros.", 0.8),
      candidate("The hotel in Lisbon costs 120 euros.", 0.79),
      candidate("Soup", 0.1),
    ]
    const [porto, lisbon] = adjust("How much is the hotel?", list, { history: ["When do we fly to Lisbon?"] })
    expect(porto).toEqual([])
    expect(lisbon).toMatchObject([{ name: "conversation", reason: "You spoke about Lisbon before." }])
    expect(0.79 + (lisbon?.[0]?.value ?? 0)).toBeGreaterThan(0.8)
  })

  it("prefer the newest only where it is asked for", () => {
    const list = [
      candidate("Price list", 0.8, { recency: 0.1 }),
      candidate("Price list again", 0.79, { recency: 0.9 }),
      candidate("x", 0.1),
    ]
    expect(adjust("What does it cost?", list, {})).toEqual([[], [], []])
    const [old, fresh] = adjust("What is the latest price?", list, {})
    expect(old?.[0]).toMatchObject({ name: "recency" })
    expect(0.79 + (fresh?.[0]?.value ?? 0)).toBeGreaterThan(0.8 + (old?.[0]?.value ?? 0))
  })

  it("prefer what a remembered fact names", () => {
    const list = [
      candidate("Trains to Porto", 0.8),
      candidate("Trains to Faro, with a bicycle", 0.79),
      candidate("x", 0.1),
    ]
    const [, faro] = adjust("Which trains are there?", list, {
      memories: [{ text: "I travel with a bicycle", weight: 1 }],
    })
    expect(faro?.[0]?.reason).toBe("You asked to remember: “I travel with a bicycle”")
    expect(
      adjust("Which trains are there?", list, { memories: [{ text: "I travel with a bicycle", weight: 0 }] }),
    ).toEqual([[], [], []])
  })

  it("move the third passage of one document down, not the first two", () => {
    const same = { documentId: "one" }
    const list = [candidate("a", 0.9, same), candidate("b", 0.8, same), candidate("c", 0.7, same), candidate("d", 0.1)]
    expect(adjust("?", list, {}).map((own) => own.map(({ name }) => name))).toEqual([[], [], ["diversity"], []])
  })
})

describe("fusion weights", () => {
  it("add up to one, and refuse what is no weight", () => {
    expect(normaliseFusionWeights({ ltr: 3, conceptual: 1 })).toEqual({ ltr: 0.75, conceptual: 0.25 })
    for (const wrong of [
      { ltr: -1, conceptual: 2 },
      { ltr: 0, conceptual: 0 },
      { ltr: Number.NaN, conceptual: 1 },
    ]) {
      expect(() => normaliseFusionWeights(wrong)).toThrow(AppError)
    }
  })

  it("are kept between starts, with a version that goes up", async () => {
    const { settings } = createMemoryStore()
    const first = await openFusionWeights(settings, ownerActor)
    expect(first.current()).toEqual({ weights: defaultFusionWeights, version: 0 })
    await first.change(ownerActor, { ltr: 1, conceptual: 3 })
    const second = await openFusionWeights(settings, ownerActor)
    expect(second.current()).toEqual({ weights: { ltr: 0.25, conceptual: 0.75 }, version: 1 })
    expect((await second.change(ownerActor, null)).version).toBe(2)
    expect(second.current().weights).toEqual(defaultFusionWeights)
  })
})
