import { join } from "node:path"
import type { ModelUse } from "#chat/modelUse.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { isThisMachine } from "#core/egress/thisMachine.ts"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder, Llm } from "#engines/types.ts"
import type { ProbedBackend } from "#ops/probe.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { openBackends } from "#routing/backends.ts"
import { createExamples } from "#routing/examples.ts"
import { openFeedback } from "#routing/feedback.ts"
import { createRoutedLlm } from "#routing/routedLlm.ts"
import { createRuleFile } from "#routing/ruleFile.ts"
import { createSwitchr } from "#routing/switchr.ts"
import type { ServerDeps } from "#server/deps.ts"
import type { Store } from "#store/types.ts"
import { backendKey, connectBackend } from "./backendConnection.ts"
import type { EngineRack } from "./engines.ts"
import type { Settings } from "./settings.ts"

export interface RoutingDeps {
  store: Pick<Store, "settings" | "collections">
  engines: Pick<EngineRack, "llm" | "promptTokensPerSecond">
  /** Tells what a request is like by meaning. Null: none is installed. */
  embedder(): Promise<Embedder | null>
  settings: Pick<Settings, "values">
  secrets: Secrets
  egress: Pick<Egress, "fetch" | "isOffline">
  dataDir: string
  onChange(): void
  clock: Clock
  log: Logger
}

export interface Routing {
  backends: ServerDeps["backends"]
  switchr: ServerDeps["switchr"]
  /** Who answers this request. Null: nobody can. Without other servers it is this computer's own model, and nothing is decided. */
  llm(modelId: string | null, use: ModelUse): Promise<Llm | null>
  /** A model by its own name, as programs ask for it: `server/model` or an installed one. */
  named(id: string | null): Promise<Llm | null>
  probed(): ProbedBackend[]
  /** `host:port` of every server. */
  addresses(): ReadonlySet<string>
}

/** Of an ordinary prompt besides the question: template, system prompt, a few passages. */
const promptTokens = 200
const charactersPerToken = 4

/** Other servers and the choice among them and this computer. */
export async function openRouting(deps: RoutingDeps): Promise<Routing> {
  const { store, engines, settings, secrets, egress, clock } = deps
  const backends = await openBackends({
    settings: store.settings,
    connect: (backend) => connectBackend(backend, { egress, secrets }),
    keys: {
      has: async (name) => (await secrets.list()).some((secret) => secret.name === backendKey(name)),
      set: (name, value) => secrets.set(backendKey(name), value),
      remove: (name) => secrets.remove(backendKey(name)),
    },
    isThisMachine,
    onChange: deps.onChange,
    clock,
  })
  const rules = createRuleFile({
    file: join(deps.dataDir, "routing.yaml"),
    servers: () => backends.enabled().map(({ name }) => name),
    log: deps.log,
  })
  const feedback = await openFeedback(store.settings)
  const switchr = createSwitchr({
    backends,
    local: (id) => engines.llm(id),
    localFirstTokenMs(characters) {
      const speed = engines.promptTokensPerSecond()
      return speed === null ? null : ((characters / charactersPerToken + promptTokens) / speed) * 1000
    },
    rules,
    examples: createExamples({ embedder: deps.embedder, log: deps.log }),
    feedback,
    clock,
  })
  /** Whether whoever these collections belong to lets all of them leave. Memories are in none of them. */
  const mayLeave = async (actor: Actor, collectionIds: readonly string[]): Promise<boolean> => {
    if (collectionIds.length === 0) return true
    const free = new Set((await store.collections.list(actor)).filter((one) => one.mayLeave).map(({ id }) => id))
    return collectionIds.every((id) => free.has(id))
  }
  /** This computer's own model, for a chat whose server was forgotten or switched off. */
  const insteadOf = async (wanted: string): Promise<Llm | null> => {
    const own = await engines.llm(null)
    if (!own) return null
    const route = {
      backend: "in-process",
      model: own.modelId,
      sentTo: null,
      confidence: 1,
      reasons: [`${wanted} is not among your servers now`],
      alternatives: [],
      decisionId: "",
      instead: { of: wanted, why: "down" as const },
    }
    return createRoutedLlm([{ llm: own, circuit: null, route }], clock)
  }
  const configOf = ({ version, text, isDefault, problem }: Awaited<ReturnType<typeof rules.current>>) => ({
    version,
    text,
    isDefault,
    problem,
  })

  return {
    backends,
    async llm(modelId, { actor, question, collectionIds, ...rest }) {
      if (modelId?.includes("/") && backends.find(modelId) === null) return await insteadOf(modelId)
      if (backends.enabled().length === 0) return await engines.llm(modelId)
      const prefer = modelId ?? settings.values().chatModel
      // Before the search nobody is sent anything: only what the model can do is asked.
      const isPreview = rest.isPrivate && collectionIds === null
      const hasConsent = collectionIds === null || (rest.isPrivate && (await mayLeave(actor, collectionIds)))
      const decision = await switchr.decide({ ...rest, text: question, prefer, hasConsent, isPreview })
      if (!decision) return null
      return isPreview ? decision.candidates[0].llm : createRoutedLlm(decision.candidates, clock)
    },
    async named(id) {
      const remote = id === null ? null : backends.find(id)
      if (!remote) return await engines.llm(id)
      const { backend, model, llm, circuit, sentTo } = remote
      const route = {
        backend: backend.name,
        model,
        sentTo,
        confidence: 1,
        reasons: [],
        alternatives: [],
        decisionId: "",
      }
      return createRoutedLlm([{ llm, circuit, route }], clock)
    },
    probed: () =>
      backends.enabled().map((backend) => ({
        name: backend.name,
        llm: async () => backends.defaultOf(backend)?.llm ?? null,
      })),
    addresses: () =>
      new Set(
        backends.enabled().map(({ baseUrl }) => {
          const { hostname, port, protocol } = new URL(baseUrl)
          return `${hostname}:${port || (protocol === "http:" ? "80" : "443")}`
        }),
      ),
    switchr: {
      async route(request, actor) {
        const { text, prefer = null, require_reasoning: requireReasoning, uses_documents, collection_ids } = request
        const isPrivate = uses_documents || collection_ids !== undefined
        const hasConsent = collection_ids !== undefined && (await mayLeave(actor, collection_ids))
        const decision = await switchr.decide({ text, prefer, isPrivate, hasConsent, requireReasoning })
        if (!decision)
          throw new AppError("model.missing", "There is no model that could answer.", {
            remedy: "Install one, or add a server, in Models.",
          })
        const { candidates, domain, tools, others, latencyMs } = decision
        const { route } = candidates[0]
        return {
          decision_id: route.decisionId,
          backend: route.backend,
          model: route.model,
          domain,
          tools: request.allow_tools ? tools : [],
          confidence: route.confidence,
          reasons: route.reasons,
          alternatives: candidates.slice(1).map((candidate, index) => ({
            backend: candidate.route.backend,
            model: candidate.route.model,
            reason: others[index] ?? "",
          })),
          leaves_machine: route.sentTo !== null,
          latency_ms: Math.round(latencyMs * 100) / 100,
        }
      },
      async health() {
        const listed = await backends.list()
        const own = await engines.llm(null)
        const targets = [
          { backend: "in-process", model: own?.modelId ?? null, state: own ? "ok" : "missing" },
          ...listed.map(({ name, model, health, isEnabled }) => ({
            backend: name,
            model,
            state: isEnabled ? health.state : "off",
          })),
        ]
        const { version, problem } = await rules.current()
        const isFine = problem === null && targets.some(({ state }) => state === "ok" || state === "unknown")
        return { status: isFine ? "ok" : "degraded", version, targets }
      },
      feedback: feedback.give,
      config: async () => configOf(await rules.current()),
      configure: async (text) => configOf(await rules.write(text)),
    },
  }
}
