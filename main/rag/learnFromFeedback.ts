import type { FeedbackEntry, ShownList } from "#contract/feedback.ts"
import { mean, scoreRankings } from "./evaluate.ts"
import { type Features, featureNames, featureSchemaVersion } from "./features.ts"
import { positionCorrection } from "./feedbackScores.ts"
import { type FusionWeights, fusedScore } from "./fusionWeights.ts"
import { ltrScore, type RankingModel } from "./ranking.ts"
import { fitBias, type JudgedList, trainRanking } from "./trainRanking.ts"

/** A shown list with what was done with it, as the store keeps them. */
export interface FeedbackList {
  list: Pick<ShownList, "query_hash" | "passages" | "scoring">
  events: readonly FeedbackEntry[]
}

export interface Learned {
  /** The shipped weights, or those learned here. */
  model: RankingModel
  report: {
    /** Lists with something to learn from. */
    lists: number
    isUsed: boolean
    /** nDCG@10 of what was opened in lists that were kept aside, corrected for their places. Null: too few lists. */
    heldOut: { learned: number; shipped: number; similarity: number } | null
    reason: string
  }
}

/** Lists below this teach chance. */
const enoughLists = 30
/** One list in this many is kept aside to judge what the others taught. */
const heldOutEvery = 4
/** Held-out nDCG may be lower than that of the shipped weights, or of similarity alone, by this much. */
const tolerance = 0.005
/** The pull to the shipped weights is this over the number of lists: it takes hundreds to move far. */
const pullOfOne = 20

/**
 * Weights from what a person opened, copied, read and rated. A passage that was opened is better than those above it that were not, and
 * than the next below (Joachims, "Optimizing search engines using clickthrough data", 2002): what stood further down may not have been
 * seen. The shipped weights are where learning starts and what it is pulled to; and lists kept aside must be ranked no worse by more
 * than .005 than by the shipped weights and by the searches alone, else the shipped weights stay.
 */
export async function learnFromFeedback(
  lists: readonly FeedbackList[],
  options: { shipped: RankingModel; fusion: FusionWeights },
  signal: AbortSignal,
): Promise<Learned> {
  const { shipped, fusion } = options
  const usable = lists.flatMap((entry) => usableOf(entry) ?? [])
  const keepShipped = (reason: string, heldOut: Learned["report"]["heldOut"] = null): Learned => ({
    model: shipped,
    report: { lists: usable.length, isUsed: false, heldOut, reason },
  })
  if (usable.length < enoughLists) return keepShipped(`${usable.length} of ${enoughLists} lists to learn from.`)
  // By question, so that no question is on both sides.
  const isHeldOut = (hash: string): boolean => Number.parseInt(hash.slice(0, 6), 16) % heldOutEvery === 0
  const train = usable.filter(({ queryHash }) => !isHeldOut(queryHash))
  const test = usable.filter(({ queryHash }) => isHeldOut(queryHash))
  if (train.length === 0 || test.length === 0) return keepShipped("All that was opened belongs to one question.")

  const preferences = train.flatMap(preferencesOf)
  const weights = await trainRanking(
    preferences,
    { prior: shipped, pull: pullOfOne / train.length, steps: 200 },
    signal,
  )
  const model: RankingModel = {
    version: `${shipped.version}+${usable.length}`,
    featureSchemaVersion,
    bias: fitBias(weights, preferences),
    weights,
    provenance: { method: "Learned on this machine from what was opened and rated.", shipped: shipped.version },
  }
  const quality = (score: (passage: UsablePassage) => number): number =>
    mean(test.map((list) => correctedNdcg(list, score)))
  const rankedBy = (own: RankingModel) => (passage: UsablePassage) =>
    fusedScore(fusion, ltrScore(own, passage.features), passage.conceptual)
  const heldOut = {
    learned: quality(rankedBy(model)),
    shipped: quality(rankedBy(shipped)),
    similarity: quality((passage) => passage.conceptual),
  }
  if (heldOut.learned < Math.max(heldOut.shipped, heldOut.similarity) - tolerance) {
    return keepShipped("What was learned ranks lists kept aside worse.", heldOut)
  }
  return { model, report: { lists: usable.length, isUsed: true, heldOut, reason: "Learned from what you opened." } }
}

interface UsablePassage {
  id: string
  position: number
  features: Features
  conceptual: number
  /** Above 0: wanted; below: refused. */
  liking: number
}

interface UsableList {
  queryHash: string
  /** By position. */
  passages: UsablePassage[]
}

const likings: Record<FeedbackEntry["event"], number> = { up: 2, copy: 1, dwell: 0, click: 1, cite: 0, down: -2 }
const readMs = 10_000

/** Null when nothing was done with the list, or it was made of other features. The product's own citations say nothing. */
function usableOf({ list, events }: FeedbackList): UsableList | null {
  if (list.scoring.feature_schema_version !== featureSchemaVersion) return null
  const liking = new Map<string, number>()
  for (const { chunk_id, event, value } of events) {
    const worth = event === "dwell" ? (value >= readMs ? 1 : 0) : likings[event]
    liking.set(chunk_id, (liking.get(chunk_id) ?? 0) + worth)
  }
  const passages = list.passages
    .map(({ chunk_id, position, features, conceptual_score }) => ({
      id: chunk_id,
      position,
      // What clicks said of a single passage must not teach what features are worth.
      features: Object.fromEntries(
        featureNames.map((name) => [name, name === "feedback" ? 0 : (features[name] ?? 0)]),
      ) as Features,
      conceptual: conceptual_score ?? 0,
      liking: liking.get(chunk_id) ?? 0,
    }))
    .sort((a, b) => a.position - b.position)
  return passages.length > 1 && passages.some((passage) => passage.liking !== 0)
    ? { queryHash: list.query_hash, passages }
    : null
}

/** One small list for each opened passage, with what it is better than; and one for each refused one. */
function preferencesOf({ passages }: UsableList): JudgedList[] {
  return passages.flatMap((passage, index): JudgedList[] => {
    if (passage.liking === 0) return []
    const others = passages.filter((other, at) =>
      passage.liking > 0 ? other.liking <= 0 && at <= index + 1 && at !== index : other.liking >= 0 && at !== index,
    )
    if (others.length === 0) return []
    const [mine, theirs] = passage.liking > 0 ? [1, 0] : [0, 1]
    return [[{ features: passage.features, gain: mine }, ...others.map(({ features }) => ({ features, gain: theirs }))]]
  })
}

/** nDCG@10 of what was wanted; a passage counts by the inverse of how many people look at its place. */
function correctedNdcg({ passages }: UsableList, score: (passage: UsablePassage) => number): number {
  const gains = new Map(
    passages.map(({ id, liking, position }) => [id, liking > 0 ? liking * positionCorrection(position) : 0]),
  )
  const ranking = passages
    .map((passage) => ({ id: passage.id, score: score(passage) }))
    .sort((a, b) => b.score - a.score)
    .map(({ id }) => id)
  return scoreRankings([{ query: "", gains }], [ranking]).ndcg[0] ?? 1
}
