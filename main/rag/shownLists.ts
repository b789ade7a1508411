import { createHash } from "node:crypto"
import type { FeedbackEntry, FeedbackKind, Scoring, ShownList, ShownPassage } from "#contract/feedback.ts"
import type { PhaseResult, TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { FeedbackCounts, FeedbackRepository } from "#store/types.ts"
import { defaultFusionWeights, fusedScore } from "./fusionWeights.ts"

export interface ShownQuery {
  actor: Actor
  queryId: string
  query: string
  surface: ShownList["surface"]
}

/** What questions showed, and what was done with it. */
export interface ShownLists {
  /** Passes a turn's events on; keeps the final list, and that the answer cited a passage of it. A store that fails is logged. */
  watch(events: AsyncIterable<TurnEventBody>, shown: ShownQuery): AsyncGenerator<TurnEventBody>
  record(
    actor: Actor,
    event: { queryId: string; chunkId: string; event: FeedbackKind; value: number },
  ): Promise<FeedbackEntry>
  /** The list with what was done, and how many places feedback moved each passage (up is positive). Throws `query.not-found`. */
  view(
    actor: Actor,
    queryId: string,
  ): Promise<{ list: ShownList; events: FeedbackEntry[]; moved: Record<string, number> }>
  counts(actor: Actor): Promise<FeedbackCounts>
  forget(actor: Actor): Promise<{ queries: number; events: number }>
}

export interface ShownListsDeps {
  feedback: FeedbackRepository
  /** Ranking depends on feedback: what is cached or learned of it is out of date. */
  onChange: (actor: Actor, change: "event" | "forgotten") => void
  log: Logger
}

export function createShownLists({ feedback, onChange, log }: ShownListsDeps): ShownLists {
  return {
    async *watch(events, { actor, queryId, query, surface }) {
      const writes: Promise<unknown>[] = []
      // Calls to the store keep their order, so a click that follows the event finds its list.
      const write = (work: Promise<unknown>): void => {
        writes.push(work.catch((error: unknown) => log.warn("a shown list could not be kept", { error })))
      }
      let scoring: Scoring | null = null
      let shown = new Set<string>()
      let byNumber = new Map<number, string>()
      try {
        for await (const event of events) {
          if (event.type === "retrieve-phase" && event.phase === "P1") scoring = scoringOf(event.meta)
          else if (event.type === "retrieve-phase" && !event.provisional && scoring) {
            shown = new Set(event.results.map(({ id }) => id))
            const passages = event.results.map(toShown)
            write(
              feedback.recordShown(actor, {
                query_id: queryId,
                query_hash: queryHash(query),
                surface,
                scoring,
                passages,
              }),
            )
          } else if (event.type === "retrieve-end") {
            byNumber = new Map(event.passages.map(({ n, chunkId }) => [n, chunkId]))
          } else if (event.type === "text-end") {
            const cited = new Set(
              event.spans.flatMap(({ citations }) => citations.flatMap((n) => byNumber.get(n) ?? [])),
            )
            for (const chunkId of cited) {
              if (shown.has(chunkId)) write(feedback.record(actor, { queryId, chunkId, event: "cite", value: 1 }))
            }
          }
          yield event
        }
      } finally {
        await Promise.all(writes)
      }
    },
    async record(actor, event) {
      const entry = await feedback.record(actor, event)
      onChange(actor, "event")
      return entry
    },
    async view(actor, queryId) {
      const { list, events } = await feedback.shown(actor, queryId)
      return { list, events, moved: movedByFeedback(list) }
    },
    counts: feedback.counts,
    async forget(actor) {
      const gone = await feedback.forget(actor)
      onChange(actor, "forgotten")
      return gone
    },
  }
}

/** Stands for a question whatever its case and spacing. */
export const queryHash = (query: string): string =>
  createHash("sha256")
    .update(query.normalize("NFC").trim().replaceAll(/\s+/g, " ").toLowerCase())
    .digest("hex")
    .slice(0, 32)

/** Places that feedback alone moved each passage within its list: the order by score against the order without the feature. */
export function movedByFeedback({
  passages,
  scoring,
}: Pick<ShownList, "passages" | "scoring">): Record<string, number> {
  const placesBy = (score: (passage: ShownPassage) => number): Map<string, number> =>
    new Map(
      passages
        .map((passage) => ({ passage, score: score(passage) }))
        .sort(
          (a, b) =>
            b.score - a.score ||
            (b.passage.conceptual_score ?? 0) - (a.passage.conceptual_score ?? 0) ||
            (a.passage.chunk_id < b.passage.chunk_id ? -1 : 1),
        )
        .map(({ passage }, index) => [passage.chunk_id, index]),
    )
  const withIt = placesBy((passage) => passage.score)
  const without = placesBy((passage) => scoreWithoutFeedback(passage, scoring))
  const moved: Record<string, number> = {}
  for (const [chunkId, place] of withIt) {
    const places = (without.get(chunkId) ?? place) - place
    if (places !== 0) moved[chunkId] = places
  }
  return moved
}

/** The score from its parts, as docs/rag.md says: σ(bias + Σ weight · feature), fused, plus adjustments. */
export function reproduceScore(
  { features, conceptual_score, adjustments }: Pick<ShownPassage, "features" | "conceptual_score" | "adjustments">,
  { ranking, fusion_weights }: Scoring,
): number {
  let linear = ranking.bias
  for (const [name, weight] of Object.entries(ranking.weights)) linear += weight * (features[name] ?? 0)
  const learned = 1 / (1 + Math.exp(-linear))
  return adjustments.reduce((sum, { value }) => sum + value, fusedScore(fusion_weights, learned, conceptual_score ?? 0))
}

function scoreWithoutFeedback(passage: ShownPassage, scoring: Scoring): number {
  const { features } = passage
  if (!features.feedback) return passage.score
  return reproduceScore({ ...passage, features: { ...features, feedback: 0 } }, scoring)
}

const toShown = (result: PhaseResult): ShownPassage => ({
  chunk_id: result.id,
  position: result.rank,
  score: result.score,
  ltr_score: result.ltrScore ?? null,
  conceptual_score: result.conceptualScore ?? null,
  features: result.features ?? {},
  adjustments: result.adjustments ?? [],
})

/** The weights as a P1 event carries them. */
export function scoringOf(meta: Record<string, unknown>): Scoring {
  // `retrieve` writes this event; the event's type leaves its meta open.
  const { ranking, fusion_weights, feature_schema_version } = meta as {
    ranking?: Scoring["ranking"]
    fusion_weights?: Scoring["fusion_weights"]
    feature_schema_version?: string
  }
  return {
    scoring_version: ranking?.version ?? "",
    feature_schema_version: feature_schema_version ?? "",
    ranking: {
      version: ranking?.version ?? "",
      bias: ranking?.bias ?? 0,
      weights: { ...ranking?.weights },
    },
    fusion_weights: fusion_weights ?? defaultFusionWeights,
  }
}
