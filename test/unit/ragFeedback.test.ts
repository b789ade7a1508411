import { describe, expect, it } from "vitest"
import type { FeedbackEntry, Scoring, ShownPassage } from "#contract/feedback.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import { feedbackScores, positionCorrection } from "#rag/feedbackScores.ts"
import { createShownLists, movedByFeedback, queryHash, reproduceScore } from "#rag/shownLists.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const query = "When is the rent due?"
const entry = (changes: Partial<FeedbackEntry>): FeedbackEntry => ({
  query_id: "q",
  query_hash: queryHash(query),
  chunk_id: "a",
  position: 1,
  event: "click",
  value: 1,
  at: 0,
  ...changes,
})
const scoreOf = (...events: Partial<FeedbackEntry>[]) => feedbackScores(events.map(entry), query).get("a") ?? 0

describe("what clicks say of a passage", () => {
  it("lies within −1 and 1, thumbs above hints, and down below nothing", () => {
    const [up, copy, click, down] = (["up", "copy", "click", "down"] as const).map((event) => scoreOf({ event }))
    expect(up).toBeGreaterThan(copy ?? 0)
    expect(copy).toBeGreaterThan(click ?? 0)
    expect(click).toBeGreaterThan(0)
    expect(down).toBeLessThan(0)
    expect(Math.abs(scoreOf(...Array.from({ length: 50 }, () => ({ event: "down" as const }))))).toBeLessThanOrEqual(1)
  })

  it("counts a click far down more than one at the top, up to a bound; a thumb the same everywhere", () => {
    expect(scoreOf({ position: 4 })).toBeGreaterThan(scoreOf({ position: 1 }))
    expect(positionCorrection(1)).toBe(1)
    expect(positionCorrection(1000)).toBe(3)
    expect(scoreOf({ event: "up", position: 9 })).toBe(scoreOf({ event: "up", position: 1 }))
  })

  it("counts less for another question, and the product's own citations not at all", () => {
    expect(scoreOf({ query_hash: "other" })).toBeLessThan(scoreOf({}))
    expect(scoreOf({ query_hash: "other" })).toBeGreaterThan(0)
    expect(scoreOf({ event: "cite" })).toBe(0)
    expect(queryHash("  WHEN is\nthe rent due? ")).toBe(queryHash(query))
  })

  it("counts reading by its time, to a bound", () => {
    expect(scoreOf({ event: "dwell", value: 3000 })).toBeLessThan(scoreOf({ event: "dwell", value: 30_000 }))
    expect(scoreOf({ event: "dwell", value: 30_000 })).toBe(scoreOf({ event: "dwell", value: 900_000 }))
  })
})

const scoring: Scoring = {
  scoring_version: "1",
  feature_schema_version: "1",
  ranking: { version: "1", bias: -1, weights: { coverage: 2, feedback: 1 } },
  fusion_weights: { ltr: 0.6, conceptual: 0.4 },
}
const passage = (id: string, position: number, coverage: number, feedback: number): ShownPassage => {
  const parts = { features: { coverage, feedback }, conceptual_score: 0.5, adjustments: [] }
  return { chunk_id: id, position, score: reproduceScore(parts, scoring), ltr_score: 0, ...parts }
}

describe("what feedback moved", () => {
  it("is the difference of places with and without it", () => {
    const passages = [passage("c", 1, 0.2, 1), passage("a", 2, 0.5, 0), passage("b", 3, 0.4, 0)]
    expect(passages.map(({ score }) => score)).toEqual(passages.map(({ score }) => score).sort((x, y) => y - x))
    expect(movedByFeedback({ passages, scoring })).toEqual({ c: 2, a: -1, b: -1 })
  })

  it("is nothing where it changed no place", () => {
    const passages = [passage("a", 1, 0.9, 1), passage("b", 2, 0.1, 0)]
    expect(movedByFeedback({ passages, scoring })).toEqual({})
  })
})

describe("a store that fails", () => {
  it("costs the list, never the answer", async () => {
    const store = createMemoryStore()
    const lists = createShownLists({
      feedback: {
        ...store.feedback,
        recordShown: () => Promise.reject(new AppError("store.full", "Full.")),
        record: () => Promise.reject(new AppError("store.full", "Full.")),
      },
      onChange: () => {},
      log: silentLogger,
    })
    const events: TurnEventBody[] = [
      { type: "retrieve-phase", phase: "P1", provisional: true, results: [], delta: [], meta: {} },
      { type: "retrieve-phase", phase: "P2", provisional: false, results: [], delta: [], meta: {} },
      { type: "text-delta", text: "x" },
    ]
    async function* source() {
      yield* events
    }
    const seen: TurnEventBody[] = []
    const shown = { actor: ownerActor, queryId: "q", query, surface: "chat" as const }
    for await (const event of lists.watch(source(), shown)) seen.push(event)
    expect(seen).toEqual(events)
  })
})
