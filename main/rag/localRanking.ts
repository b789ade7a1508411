import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { FeedbackRepository, SettingsRepository } from "#store/types.ts"
import type { FusionWeights } from "./fusionWeights.ts"
import { type Learned, learnFromFeedback } from "./learnFromFeedback.ts"
import { type RankingModel, readRanking, shippedRanking } from "./ranking.ts"

export interface LocalRanking {
  /** The weights in force: what was learned here, else the shipped ones. */
  current(): RankingModel
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

/** Ranking weights that follow the person's feedback, kept between starts and erased with it. */
export async function openLocalRanking(owner: Actor, deps: LocalRankingDeps): Promise<LocalRanking> {
  const { settings, feedback, log } = deps
  let current = readRanking((await settings.all(owner))[settingName])
  // A newer product brings newer weights; what was learned from older ones is learned again from the same feedback.
  if (current && current.provenance.shipped !== shippedRanking.version) current = null
  const closing = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  let waiting = 0

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
    current = next
    deps.onChange?.()
    return report
  }
  return {
    current: () => current ?? shippedRanking,
    changed(actor, change) {
      waiting++
      if (change === "forgotten") current = null
      else if (waiting < eventsPerLearning) return
      waiting = 0
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
