import type { AnswerRoute, Backend } from "#contract/backends.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { Llm } from "#engines/types.ts"
import type { Backends, RemoteChoice } from "./backends.ts"
import type { Examples } from "./examples.ts"
import type { Feedback } from "./feedback.ts"
import { openTargets } from "./openTargets.ts"
import { type Option, type Ranked, rank } from "./rank.ts"
import type { Candidate } from "./routedLlm.ts"
import type { RuleFile } from "./ruleFile.ts"

export interface SwitchrDeps {
  backends: Pick<Backends, "enabled" | "find" | "defaultOf">
  /** This computer's own model. Null: none is installed. Throws `model.not-found` for an unknown id. */
  local(modelId: string | null): Promise<Llm | null>
  /** Milliseconds that this computer takes to its first token after so many characters. Null: not measured. */
  localFirstTokenMs?(characters: number): number | null
  rules: Pick<RuleFile, "current">
  examples?: Examples
  feedback: Feedback
  clock: Pick<Clock, "monotonic">
}

export interface RoutingRequest {
  text: string
  /** A server, `server/model`, a local model, or `in-process`. Null: the rules choose. */
  prefer: string | null
  /** Documents, memories, or answers made of them are among what is read. */
  isPrivate: boolean
  /** Whoever these belong to lets all of them leave this computer. Default: no. */
  hasConsent?: boolean
  requireReasoning?: boolean
  /** Default: what the kind of request wants. */
  wantsTools?: boolean
  previousQuestion?: string | null
  previousBackend?: string | null
  /** How well passages of documents answer it, 0..1. */
  confidence?: number | null
  /** Only to know who it would be: nobody's turn is used up, and there is no feedback on it. */
  isPreview?: boolean
}

export interface Decision {
  domain: string
  tools: string[]
  candidates: readonly [Candidate, ...Candidate[]]
  /** Why the others come later, in the order of the candidates after the first. */
  others: string[]
  /** Whether the kind was told by meaning, too; else by the rules alone. */
  usedExamples: boolean
  latencyMs: number
}

export interface Switchr {
  /** Null: there is nothing that could answer. Throws `backend.no-consent` when only a server could that may not see it. */
  decide(request: RoutingRequest): Promise<Decision | null>
}

/** Chooses who answers: what may see the request, then the rules, then what is known of each: health, speed, cost, feedback, this chat. */
export function createSwitchr(deps: SwitchrDeps): Switchr {
  const { backends, local, rules, examples, feedback, clock } = deps
  const turns = new Map<string, number>()

  return {
    async decide(request) {
      const { text, prefer, isPrivate, hasConsent = false, requireReasoning = false, isPreview = false } = request
      const startedAt = clock.monotonic()
      const { rules: current, classify } = await rules.current()
      const shares = (await examples?.shares(current, text)) ?? null
      const kind = classify(text, { shares, previous: request.previousQuestion ?? null })
      const domain = requireReasoning && "thorough" in current.domains ? "thorough" : kind.domain
      const reasons = requireReasoning ? ["reasoning was asked for"] : [...kind.reasons]
      let confidence = requireReasoning ? 0.9 : kind.confidence
      const own = await local(prefer !== null && !isRemote(prefer) && prefer !== "in-process" ? prefer : null)
      const { targets = [], tools = [] } = current.domains[domain] ?? {}

      const turnOf = (group: string): number => {
        const turn = turns.get(group) ?? 0
        if (!isPreview) turns.set(group, turn + 1)
        return turn
      }
      const others = backends.enabled().map(({ name }) => name)
      const open = (names: readonly string[]) => openTargets(names, { groups: current.groups, others, turnOf })
      const listed = [...new Set([...open(targets), ...open(current.fallback)])]
        .map((target): Option => ({ target, remote: target === "in-process" ? null : backends.find(target) }))
        .filter(({ target, remote }) => (target === "in-process" ? own !== null : remote !== null))
      const wanted = prefer === null ? null : wantedOption(prefer)
      const options =
        wanted === null
          ? listed
          : [wanted, ...listed.filter((option) => !sameModel(option.remote, wanted.remote))].filter(
              ({ remote }) => remote !== null || own !== null,
            )
      if (wanted !== null) {
        reasons.unshift("chosen by you")
        confidence = 0.99
      }
      const allowed = options.filter(({ remote }) => !isPrivate || maySee(remote, hasConsent))
      if (allowed.length < options.length) reasons.unshift("your documents stay on this computer")
      if (allowed.length === 0 && options.length > 0)
        throw new AppError(
          "backend.no-consent",
          "Only another computer could answer, and it may not see your documents.",
          {
            remedy: "Allow it in Models, Other servers, and for the collection in Documents, or install a model here.",
          },
        )
      const ranked =
        wanted === null
          ? rank(
              allowed,
              {
                domain,
                previousBackend: request.previousBackend ?? null,
                confidence: request.confidence ?? null,
                wantsTools: request.wantsTools ?? false,
                ownFirstTokenMs: deps.localFirstTokenMs?.(text.length) ?? null,
              },
              current,
              feedback.bias,
            )
          : allowed.map((option): Ranked => ({ option, score: 0, notes: [] }))
      const [best] = ranked
      if (best && wanted === null) reasons.unshift(...whyMoved(best, allowed[0], ranked))

      const decisionId = newId()
      if (!isPreview) feedback.remember(decisionId, domain, best?.option.target ?? "")
      const label = ({ remote }: Option): string =>
        remote ? `${remote.backend.name}/${remote.model}` : (own?.modelId ?? "in-process")
      const notAllowed = wanted !== null && !allowed.includes(wanted) && wanted.remote !== null
      const candidates = ranked.map(({ option }): Candidate => {
        const { remote } = option
        const route: AnswerRoute = {
          backend: remote?.backend.name ?? "in-process",
          model: remote?.model ?? own?.modelId ?? "",
          sentTo: remote?.sentTo ?? null,
          confidence: Math.round(confidence * 100) / 100,
          reasons,
          alternatives: ranked.filter((other) => other.option !== option).map((other) => label(other.option)),
          decisionId,
          ...(notAllowed ? { instead: { of: label(wanted), why: "documents" as const } } : {}),
        }
        return { llm: remote?.llm ?? (own as Llm), route, circuit: remote?.circuit ?? null }
      })
      const [first, ...rest] = candidates
      if (!first) return null
      return {
        domain,
        tools,
        candidates: [first, ...rest],
        others: ranked.slice(1).map(({ notes }) => notes.join(", ") || "further down in the rules"),
        usedExamples: shares !== null,
        latencyMs: clock.monotonic() - startedAt,
      }
    },
  }

  function wantedOption(prefer: string): Option {
    if (!isRemote(prefer)) return { target: "in-process", remote: null }
    const remote = backends.find(prefer)
    if (remote) return { target: prefer, remote }
    throw new AppError("backend.not-found", `There is no server or model ${prefer}.`, {
      remedy: "`zenglow backends list` shows them.",
    })
  }
  function isRemote(name: string): boolean {
    const server = name.split("/")[0]
    return backends.enabled().some((backend: Backend) => backend.name === server)
  }
}

/** What put another place first than the rules have there: what speaks for it, and what against the other. */
function whyMoved(best: Ranked, first: Option | undefined, ranked: readonly Ranked[]): string[] {
  if (best.option === first || first === undefined) return []
  const passed = ranked.find(({ option }) => option === first)
  const name = first.remote?.backend.name ?? "this computer"
  return [...best.notes, ...(passed?.notes ?? []).map((note) => (note.startsWith(name) ? note : `${name}: ${note}`))]
}

const maySee = (remote: RemoteChoice | null, hasConsent: boolean): boolean =>
  remote === null || remote.sentTo === null || (remote.backend.allowsDocuments && hasConsent)

const sameModel = (left: RemoteChoice | null, right: RemoteChoice | null): boolean =>
  left === right ||
  (left !== null && right !== null && left.backend.name === right.backend.name && left.model === right.model)
