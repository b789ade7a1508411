import { describe, expect, it } from "vitest"
import type { FeedbackEntry, ShownPassage } from "#contract/feedback.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { mean, scoreRankings } from "#rag/evaluate.ts"
import { type Features, featureNames, featureSchemaVersion } from "#rag/features.ts"
import { defaultFusionWeights, fusedScore } from "#rag/fusionWeights.ts"
import { type FeedbackList, learnFromFeedback } from "#rag/learnFromFeedback.ts"
import { openLocalRanking } from "#rag/localRanking.ts"
import { ltrScore, type RankingModel, shippedRanking } from "#rag/ranking.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"

const signal = new AbortController().signal
const fusion = defaultFusionWeights

/** Repeatable numbers in 0..1. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 4294967296
  }
}

interface Candidate {
  id: string
  features: Features
  conceptual: number
  isRelevant: boolean
}

/** Twelve candidates. What the person wants shows in the title more than the shipped weights think. */
function question(random: () => number): Candidate[] {
  return Array.from({ length: 12 }, (_, index) => {
    const features = Object.fromEntries(featureNames.map((name) => [name, random() * 0.6])) as Features
    features.recency = 0.5
    features.feedback = 0
    features.similarity_share = random()
    features.bm25_share = random()
    features.title_match = random()
    const conceptual = (features.similarity_share + features.bm25_share) / 2
    const wanted = 0.5 * conceptual + 1 * features.title_match + 0.15 * random()
    return { id: String(index), features, conceptual, isRelevant: wanted > 1 }
  })
}

const scoreBy = (model: RankingModel) => (candidate: Candidate) =>
  fusedScore(fusion, ltrScore(model, candidate.features), candidate.conceptual)

const ranked = (candidates: readonly Candidate[], score: (candidate: Candidate) => number): Candidate[] =>
  [...candidates].sort((a, b) => score(b) - score(a))

function qualityOf(questions: readonly Candidate[][], score: (candidate: Candidate) => number): number {
  const judged = questions.map((candidates) => ({
    query: "",
    gains: new Map(candidates.filter((each) => each.isRelevant).map(({ id }) => [id, 1])),
  }))
  const rankings = questions.map((candidates) => ranked(candidates, score).map(({ id }) => id))
  return mean(scoreRankings(judged, rankings).ndcg)
}

/** Position-based click model: a place is looked at with 1/√place, what is relevant is then opened with .9, other passages with `noise`. */
function sessions(count: number, seed: number, { noise = 0.08, onlyNoise = false } = {}): FeedbackList[] {
  const random = numbers(seed)
  const lists: FeedbackList[] = []
  let clicks = 0
  while (clicks < count) {
    const shown = ranked(question(random), scoreBy(shippedRanking))
    const hash = Math.floor(random() * 0xffffff)
      .toString(16)
      .padStart(6, "0")
    const events = shown.flatMap((candidate, index): FeedbackEntry[] => {
      const looks = random() < 1 / Math.sqrt(index + 1)
      const opens = random() < (candidate.isRelevant && !onlyNoise ? 0.9 : noise)
      if (!looks || !opens) return []
      clicks++
      return [
        {
          query_id: hash,
          query_hash: hash,
          chunk_id: candidate.id,
          position: index + 1,
          event: "click",
          value: 1,
          at: 0,
        },
      ]
    })
    lists.push({ list: listOf(hash, shown), events })
  }
  return lists
}

const listOf = (hash: string, shown: readonly Candidate[]): FeedbackList["list"] => ({
  query_hash: hash,
  scoring: {
    scoring_version: "1",
    feature_schema_version: featureSchemaVersion,
    ranking: { version: "1", bias: 0, weights: {} },
    fusion_weights: fusion,
  },
  passages: shown.map(
    ({ id, features, conceptual }, index): ShownPassage => ({
      chunk_id: id,
      position: index + 1,
      score: 0,
      ltr_score: null,
      conceptual_score: conceptual,
      features,
      adjustments: [],
    }),
  ),
})

const random = numbers(7)
const fresh = Array.from({ length: 300 }, () => question(random))

describe("learning from feedback", () => {
  it("gets better with clicks, and is never worse by more than .005 on the way", async () => {
    const start = qualityOf(fresh, scoreBy(shippedRanking))
    const curve: number[] = []
    for (const clicks of [0, 50, 200, 1000]) {
      const { model } = await learnFromFeedback(sessions(clicks, 11), { shipped: shippedRanking, fusion }, signal)
      curve.push(qualityOf(fresh, scoreBy(model)) - start)
    }
    expect(curve[0]).toBe(0)
    for (const gain of curve) expect(gain).toBeGreaterThanOrEqual(-0.005)
    expect(curve[3]).toBeGreaterThan(0.03)
    expect(curve[3]).toBeGreaterThan(curve[1] as number)
  })

  it("keeps the shipped weights' quality when people click at random", async () => {
    const start = qualityOf(fresh, scoreBy(shippedRanking))
    for (const seed of [1, 2, 3]) {
      const noise = sessions(300, seed, { noise: 0.3, onlyNoise: true })
      const { model } = await learnFromFeedback(noise, { shipped: shippedRanking, fusion }, signal)
      expect(qualityOf(fresh, scoreBy(model)) - start).toBeGreaterThanOrEqual(-0.02)
    }
  })

  it("is refused when lists kept aside are ranked worse", async () => {
    const lists = sessions(800, 9).map(({ list, events }): FeedbackList => {
      if (Number.parseInt(list.query_hash, 16) % 4 !== 0) return { list, events }
      // The lists kept aside say the opposite of what the others teach.
      const opposite = [...list.passages].sort((a, b) => (a.features.title_match ?? 0) - (b.features.title_match ?? 0))
      const opened = opposite.slice(0, 3).map(({ chunk_id, position }) => ({ chunk_id, position }))
      const base = { query_id: list.query_hash, query_hash: list.query_hash, event: "click" as const, value: 1, at: 0 }
      return { list, events: opened.map((each) => ({ ...base, ...each })) }
    })
    const { model, report } = await learnFromFeedback(lists, { shipped: shippedRanking, fusion }, signal)
    expect(report.isUsed).toBe(false)
    expect(report.heldOut?.learned).toBeLessThan((report.heldOut?.shipped ?? 0) - 0.005)
    expect(model).toBe(shippedRanking)
  })

  it("learns nothing from few lists, from the product's own citations, or from lists of other features", async () => {
    const few = await learnFromFeedback(sessions(15, 3), { shipped: shippedRanking, fusion }, signal)
    expect(few.report.isUsed).toBe(false)
    const cited = sessions(500, 4).map(({ list, events }) => ({
      list,
      events: events.map((event) => ({ ...event, event: "cite" as const })),
    }))
    const own = await learnFromFeedback(cited, { shipped: shippedRanking, fusion }, signal)
    expect(own.report).toMatchObject({ isUsed: false, lists: 0 })
    const old = sessions(500, 4).map(({ list, events }) => ({
      list: { ...list, scoring: { ...list.scoring, feature_schema_version: "1" } },
      events,
    }))
    expect((await learnFromFeedback(old, { shipped: shippedRanking, fusion }, signal)).report.lists).toBe(0)
  })

  it("is not used when pinned questions are found worse with it, and is when they are not", async () => {
    const lists = sessions(600, 5) as Awaited<ReturnType<ReturnType<typeof createMemoryStore>["feedback"]["lists"]>>
    const open = (recallOfLearned: number | null) =>
      openLocalRanking([ownerActor], {
        settings: createMemoryStore().settings,
        feedback: { lists: async () => lists },
        fusion: () => fusion,
        pinnedRecall: async (_actor, ranking) => (ranking === shippedRanking ? 0.8 : recallOfLearned),
        log: silentLogger,
      })
    const worse = await open(0.6)
    expect(await worse.learn(ownerActor, signal)).toMatchObject({
      isUsed: false,
      reason: expect.stringMatching(/pinned/),
    })
    expect(worse.current(ownerActor)).toBe(shippedRanking)
    expect((await (await open(0.8)).learn(ownerActor, signal)).isUsed).toBe(true)
    expect((await (await open(null)).learn(ownerActor, signal)).isUsed).toBe(true)
  })

  it("ends with the weights it was learned from, and is learned again from those of the new release", async () => {
    const lists = sessions(600, 5) as Awaited<ReturnType<ReturnType<typeof createMemoryStore>["feedback"]["lists"]>>
    let shipped = shippedRanking
    const ranking = await openLocalRanking([ownerActor], {
      settings: createMemoryStore().settings,
      feedback: { lists: async () => lists },
      fusion: () => fusion,
      shipped: () => shipped,
      log: silentLogger,
    })
    await ranking.learn(ownerActor, signal)
    expect(ranking.current(ownerActor).provenance.shipped).toBe(shippedRanking.version)
    shipped = { ...shippedRanking, version: "next" }
    expect(ranking.current(ownerActor)).toBe(shipped)
    ranking.changed(ownerActor, "release")
    await ranking.learn(ownerActor, signal)
    expect(ranking.current(ownerActor).version).toMatch(/^next\+\d+$/)
    await ranking.close()
  })

  it("is kept between starts and erased with the feedback", async () => {
    const { settings } = createMemoryStore()
    let lists = sessions(600, 5) as Awaited<ReturnType<ReturnType<typeof createMemoryStore>["feedback"]["lists"]>>
    const deps = { settings, feedback: { lists: async () => lists }, fusion: () => fusion, log: silentLogger }
    const ranking = await openLocalRanking([ownerActor], deps)
    expect(ranking.current(ownerActor)).toBe(shippedRanking)
    expect((await ranking.learn(ownerActor, signal)).isUsed).toBe(true)
    expect(ranking.current(ownerActor).version).toMatch(/\+\d+$/)
    const again = await openLocalRanking([ownerActor], deps)
    expect(again.current(ownerActor)).toEqual(ranking.current(ownerActor))
    lists = []
    again.changed(ownerActor, "forgotten")
    expect(again.current(ownerActor)).toBe(shippedRanking)
    await again.close()
    await again.learn(ownerActor, signal)
    expect((await openLocalRanking([ownerActor], deps)).current(ownerActor)).toBe(shippedRanking)
  })
})
