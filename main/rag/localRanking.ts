import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { FeedbackRepository, SettingsRepository } from "#store/types.ts"
import type { FusionWeights } from "./fusionWeights.ts"
import { type Learned, learnFromFeedback } from "./learnFromFeedback.ts"
import { type RankingModel, readRanking, shippedRanking } from "./ranking.ts"

export interface LocalRanking {
  /** The weights in force for this person: what was learned from what they did, else the shipped ones. */
  current(actor: Actor): RankingModel
  /** Something was done with a passage, all of it was erased, or a release's weights took over: learns again, at once but for events. */
  changed(actor: Actor, change: "event" | "forgotten" | "release"): void
  /** Learns now, from the weights of the release in use. */
  learn(actor: Actor, signal: AbortSignal): Promise<Learned["report"]>
  /** Ends learning that runs. */
  close(): Promise<void>
}

export interface LocalRankingDeps {
  settings: SettingsRepository
  feedback: Pick<FeedbackRepository, "lists">
  fusion: () => FusionWeights
  /** The weights of the release in use, where learning starts. Default: those of this one. */
  shipped?: () => RankingModel
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
  const shipped = deps.shipped ?? (() => shippedRanking)
  const learnedBy = new Map<string, RankingModel>()
  for (const person of people) {
    const kept = readRanking((await settings.all(person))[settingName])
    if (kept) learnedBy.set(person.personId, kept)
  }
  /** What was learned from the weights of another release is learned again from the same feedback. */
  const current = ({ personId }: Actor): RankingModel => {
    const learned = learnedBy.get(personId)
    return learned?.provenance.shipped === shipped().version ? learned : shipped()
  }
  const closing = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  const waiting = new Map<string, number>()

  const losesPinned = async (actor: Actor, model: RankingModel, signal: AbortSignal): Promise<boolean> => {
    const before = await deps.pinnedRecall?.(actor, shipped(), signal)
    const after = before == null ? null : await deps.pinnedRecall?.(actor, model, signal)
    return before != null && after != null && after < before
  }
  const learn = async (actor: Actor, signal: AbortSignal): Promise<Learned["report"]> => {
    const lists = await feedback.lists(actor, { limit: learnedLists, withEvents: true })
    const learned = await learnFromFeedback(lists, { shipped: shipped(), fusion: deps.fusion() }, signal)
    const isLosing = learned.report.isUsed && (await losesPinned(actor, learned.model, signal))
    const report = isLosing
      ? { ...learned.report, isUsed: false, reason: "What was learned finds pinned questions worse." }
      : learned.report
    const next = report.isUsed ? learned.model : null
    await settings.set(actor, { [settingName]: next ?? undefined })
    if (next) learnedBy.set(actor.personId, next)
    else learnedBy.delete(actor.personId)
    deps.onChange?.()
    return report
  }
  return {
    current,
    changed(actor, change) {
      const events = (waiting.get(actor.personId) ?? 0) + 1
      waiting.set(actor.personId, events)
      if (change === "forgotten") learnedBy.delete(actor.personId)
      if (change === "event" && events < eventsPerLearning) return
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
