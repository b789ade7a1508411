import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { FeedbackRepository, SettingsRepository } from "#store/types.ts"
import type { FusionWeights } from "./fusionWeights.ts"
import { type Learned, learnFromFeedback } from "./learnFromFeedback.ts"
import { type RankingModel, readRanking, shippedRanking } from "./ranking.ts"

export interface LocalRanking {
  /** The weights in force for this person: what was learned from what they did, else the shipped ones. */
  current(actor: Actor): RankingModel
  /** Something was done with a passage, or all of it was erased: learns again, at once after erasing. */
  changed(actor: Actor, change: "event" | "forgotten"): void
  /** Learns now. */
  learn(actor: Actor, signal: AbortSignal): Promise<Learned["report"]>
  /** Ends learning that runs. */
  close(): Promise<void>
}

export interface LocalRankingDeps {
  settings: SettingsRepository
  feedback: Pick<FeedbackRepository, "lists">
  fusion: () => FusionWeights
  /** Share of the pinned questions that these weights still find among the first five. Null: nothing is pinned. */
  pinnedRecall?: (actor: Actor, ranking: RankingModel, signal: AbortSignal) => Promise<number | null>
  /** Ranking changed. */
  onChange?: () => void
  log: Logger
}

const settingName = "rag.ranking"
/** Events between two times of learning. */
const eventsPerLearning = 10
const learnedLists = 1000

/** Ranking weights that follow each person's feedback, kept between starts and erased with it. `people`: whose are read at once. */
export async function openLocalRanking(people: readonly Actor[], deps: LocalRankingDeps): Promise<LocalRanking> {
  const { settings, feedback, log } = deps
  const current = new Map<string, RankingModel>()
  for (const person of people) {
    const kept = readRanking((await settings.all(person))[settingName])
    // A newer product brings newer weights; what was learned from older ones is learned again from the same feedback.
    if (kept?.provenance.shipped === shippedRanking.version) current.set(person.personId, kept)
  }
  const closing = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  const waiting = new Map<string, number>()

  const losesPinned = async (actor: Actor, model: RankingModel, signal: AbortSignal): Promise<boolean> => {
    const before = await deps.pinnedRecall?.(actor, shippedRanking, signal)
    const after = before == null ? null : await deps.pinnedRecall?.(actor, model, signal)
    return before != null && after != null && after < before
  }
  const learn = async (actor: Actor, signal: AbortSignal): Promise<Learned["report"]> => {
    const lists = await feedback.lists(actor, { limit: learnedLists, withEvents: true })
    const learned = await learnFromFeedback(lists, { shipped: shippedRanking, fusion: deps.fusion() }, signal)
    const isLosing = learned.report.isUsed && (await losesPinned(actor, learned.model, signal))
    const report = isLosing
      ? { ...learned.report, isUsed: false, reason: "What was learned finds pinned questions worse." }
      : learned.report
    const next = report.isUsed ? learned.model : null
    await settings.set(actor, { [settingName]: next ?? undefined })
    if (next) current.set(actor.personId, next)
    else current.delete(actor.personId)
    deps.onChange?.()
    return report
  }
  return {
    current: ({ personId }) => current.get(personId) ?? shippedRanking,
    changed(actor, change) {
      const events = (waiting.get(actor.personId) ?? 0) + 1
      waiting.set(actor.personId, events)
      if (change === "forgotten") current.delete(actor.personId)
      else if (events < eventsPerLearning) return
      waiting.delete(actor.personId)
      running = running.then(() =>
        learn(actor, closing.signal).catch((error: unknown) => {
          if (!closing.signal.aborted) log.warn("ranking could not be learned from feedback", { error })
        }),
      )
    },
    learn,
    async close() {
      closing.abort(new DOMException("ZenGlow is closing.", "AbortError"))
      await running
    },
  }
}
