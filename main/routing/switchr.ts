import type { AnswerRoute, Backend } from "#contract/backends.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { Llm } from "#engines/types.ts"
import type { Backends, RemoteChoice } from "./backends.ts"
import type { Feedback } from "./feedback.ts"
import type { Candidate } from "./routedLlm.ts"
import type { RuleFile } from "./ruleFile.ts"

export interface SwitchrDeps {
  backends: Pick<Backends, "enabled" | "find" | "defaultOf">
  /** This computer's own model. Null: none is installed. Throws `model.not-found` for an unknown id. */
  local(modelId: string | null): Promise<Llm | null>
  rules: Pick<RuleFile, "current">
  feedback: Feedback
  clock: Pick<Clock, "monotonic">
}

export interface RoutingRequest {
  text: string
  /** A server, `server/model`, a local model, or `in-process`. Null: the rules choose. */
  prefer: string | null
  isPrivate: boolean
  requireReasoning?: boolean
}

export interface Decision {
  domain: string
  tools: string[]
  candidates: readonly [Candidate, ...Candidate[]]
  latencyMs: number
}

export interface Switchr {
  /** Null: there is nothing that could answer. Throws `backend.no-consent` when only a server could that may not see it. */
  decide(request: RoutingRequest): Promise<Decision | null>
}

interface Option {
  target: string
  /** Null: this computer. */
  remote: RemoteChoice | null
}

/** Chooses who answers: what may see the request, then the rules, then health and what people said of earlier choices. */
export function createSwitchr({ backends, local, rules, feedback, clock }: SwitchrDeps): Switchr {
  const turns = new Map<string, number>()

  /** Targets with groups opened, each once. */
  const open = (
    targets: readonly string[],
    groups: Awaited<ReturnType<RuleFile["current"]>>["rules"]["groups"],
  ): string[] =>
    targets.flatMap((name) => {
      if (name === "@others") return backends.enabled().map((backend) => backend.name)
      const group = name.startsWith("@") ? groups[name.slice(1)] : undefined
      if (!group) return [name]
      const members = group.members.filter(({ weight }) => group.mode !== "weighted" || weight > 0)
      if (group.mode === "first")
        return open(
          members.map(({ target }) => target),
          groups,
        )
      const slots =
        group.mode === "weighted"
          ? spread(members.map(({ target, weight }) => ({ target, weight })))
          : members.map(({ target }) => target)
      const turn = turns.get(name) ?? 0
      turns.set(name, turn + 1)
      const start = turn % slots.length
      return open([...new Set([...slots.slice(start), ...slots.slice(0, start)])], groups)
    })

  return {
    async decide({ text, prefer, isPrivate, requireReasoning = false }) {
      const startedAt = clock.monotonic()
      const { rules: current, classify } = await rules.current()
      const kind = classify(text)
      const domain = requireReasoning && "thorough" in current.domains ? "thorough" : kind.domain
      const reasons = requireReasoning ? ["reasoning was asked for"] : [...kind.reasons]
      let confidence = requireReasoning ? 0.9 : kind.confidence
      const own = await local(prefer !== null && !isRemote(prefer) && prefer !== "in-process" ? prefer : null)
      const { targets = [], tools = [] } = current.domains[domain] ?? {}

      const names = [...new Set([...open(targets, current.groups), ...open(current.fallback, current.groups)])]
      let options = names
        .map((target): Option => ({ target, remote: target === "in-process" ? null : backends.find(target) }))
        .filter(({ target, remote }) => (target === "in-process" ? own !== null : remote !== null))
      if (prefer !== null) {
        const remote = isRemote(prefer) ? backends.find(prefer) : null
        if (isRemote(prefer) && !remote)
          throw new AppError("backend.not-found", `There is no server or model ${prefer}.`, {
            remedy: "`zenglow backends list` shows them.",
          })
        options = [
          { target: remote ? prefer : "in-process", remote },
          ...options.filter((option) => !sameModel(option.remote, remote)),
        ].filter(({ remote: one }) => one !== null || own !== null)
        reasons.unshift("chosen by you")
        confidence = 0.99
      }
      const allowed = options.filter(({ remote }) => !isPrivate || maySee(remote))
      if (allowed.length < options.length) reasons.unshift("your documents stay on this computer")
      if (allowed.length === 0 && options.length > 0)
        throw new AppError(
          "backend.no-consent",
          "Only another computer could answer, and it may not see your documents.",
          {
            remedy: "Allow it in Models, Other servers, or install a model here.",
          },
        )
      if (prefer === null) {
        const score = (option: Option, index: number): number =>
          -index +
          feedback.bias(domain, option.target) -
          (option.remote?.circuit.health().state === "resting" ? 100 : 0)
        const scored = allowed.map((option, index) => ({ option, score: score(option, index) }))
        scored.sort((left, right) => right.score - left.score)
        if (scored[0] && scored[0].option !== allowed[0]) {
          const first = allowed[0]?.remote
          reasons.unshift(
            first?.circuit.health().state === "resting"
              ? `${first.backend.name} is resting`
              : "your feedback on earlier answers",
          )
        }
        allowed.splice(0, allowed.length, ...scored.map(({ option }) => option))
      }
      const decisionId = newId()
      feedback.remember(decisionId, domain, allowed[0]?.target ?? "")
      const label = ({ remote }: Option): string =>
        remote ? `${remote.backend.name}/${remote.model}` : (own?.modelId ?? "in-process")
      const candidates = allowed.map((option): Candidate => {
        const { remote } = option
        const route: AnswerRoute = {
          backend: remote?.backend.name ?? "in-process",
          model: remote?.model ?? own?.modelId ?? "",
          sentTo: remote?.sentTo ?? null,
          confidence: Math.round(confidence * 100) / 100,
          reasons,
          alternatives: allowed.filter((other) => other !== option).map(label),
          decisionId,
        }
        return { llm: remote?.llm ?? (own as Llm), route, circuit: remote?.circuit ?? null }
      })
      const [first, ...rest] = candidates
      if (!first) return null
      return { domain, tools, candidates: [first, ...rest], latencyMs: clock.monotonic() - startedAt }
    },
  }

  function isRemote(name: string): boolean {
    const server = name.split("/")[0]
    return backends.enabled().some((backend: Backend) => backend.name === server)
  }
}

const maySee = (remote: RemoteChoice | null): boolean =>
  remote === null || remote.sentTo === null || remote.backend.allowsDocuments

const sameModel = (left: RemoteChoice | null, right: RemoteChoice | null): boolean =>
  left === right ||
  (left !== null && right !== null && left.backend.name === right.backend.name && left.model === right.model)

/** Each target as often as its weight says, well mixed: 3:1 is a a b a, not a a a b. */
function spread(members: readonly { target: string; weight: number }[]): string[] {
  const smallest = Math.min(...members.map(({ weight }) => weight))
  const counts = members.map(({ target, weight }) => ({ target, count: Math.min(20, Math.round(weight / smallest)) }))
  return counts
    .flatMap(({ target, count }) => Array.from({ length: count }, (_, n) => ({ target, at: (n + 0.5) / count })))
    .sort((left, right) => left.at - right.at)
    .map(({ target }) => target)
}
