import { z } from "zod"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { SettingsRepository } from "#store/types.ts"

/** What people said of choices, kept as a small push per kind of request and target. */
export interface Feedback {
  /** Places gained or lost: at most one and a half, so that rules go on to mean something. */
  bias(domain: string, target: string): number
  remember(decisionId: string, domain: string, target: string): void
  /** Throws `request.not-found` for a decision that is unknown or too long ago. */
  give(decisionId: string, value: "up" | "down"): Promise<void>
}

const settingName = "switchrFeedback"
const step = 0.3
const bound = 1.5
const mostDecisions = 2000

export async function openFeedback(settings: Pick<SettingsRepository, "all" | "set">): Promise<Feedback> {
  const stored = z.record(z.string(), z.number()).safeParse((await settings.all(ownerActor))[settingName])
  const biases = new Map(stored.success ? Object.entries(stored.data) : [])
  const decisions = new Map<string, string>()
  return {
    bias: (domain, target) => biases.get(`${domain} ${target}`) ?? 0,
    remember(decisionId, domain, target) {
      decisions.set(decisionId, `${domain} ${target}`)
      if (decisions.size <= mostDecisions) return
      const [oldest] = decisions.keys()
      if (oldest !== undefined) decisions.delete(oldest)
    },
    async give(decisionId, value) {
      const key = decisions.get(decisionId)
      if (key === undefined)
        throw new AppError("request.not-found", "This choice is not known any more.", {
          remedy: "Rate a newer answer.",
        })
      // Each choice is rated once.
      decisions.delete(decisionId)
      const moved = (biases.get(key) ?? 0) + (value === "up" ? step : -step)
      biases.set(key, Math.max(-bound, Math.min(bound, moved)))
      await settings.set(ownerActor, { [settingName]: Object.fromEntries(biases) })
    },
  }
}
