import { join } from "node:path"
import type { ModelUse } from "#chat/modelUse.ts"
import type { Clock } from "#core/clock.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { isThisMachine } from "#core/egress/thisMachine.ts"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Llm } from "#engines/types.ts"
import type { ProbedBackend } from "#ops/probe.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { openBackends } from "#routing/backends.ts"
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
  store: Pick<Store, "settings">
  engines: Pick<EngineRack, "llm">
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
  const switchr = createSwitchr({ backends, local: (id) => engines.llm(id), rules, feedback, clock })
  const configOf = ({ version, text, isDefault, problem }: Awaited<ReturnType<typeof rules.current>>) => ({
    version,
    text,
    isDefault,
    problem,
  })

  return {
    backends,
    async llm(modelId, { question, isPrivate }) {
      if (backends.enabled().length === 0) return await engines.llm(modelId)
      const prefer = modelId ?? settings.values().chatModel
      const decision = await switchr.decide({ text: question, prefer, isPrivate })
      return decision && createRoutedLlm(decision.candidates, clock)
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
      async route({
        text,
        prefer = null,
        require_reasoning: requireReasoning,
        uses_documents: isPrivate,
        allow_tools,
      }) {
        const decision = await switchr.decide({ text, prefer, isPrivate, requireReasoning })
        if (!decision)
          throw new AppError("model.missing", "There is no model that could answer.", {
            remedy: "Install one, or add a server, in Models.",
          })
        const { candidates, domain, tools, latencyMs } = decision
        const { route } = candidates[0]
        return {
          decision_id: route.decisionId,
          backend: route.backend,
          model: route.model,
          domain,
          tools: allow_tools ? tools : [],
          confidence: route.confidence,
          reasons: route.reasons,
          alternatives: candidates.slice(1).map((candidate) => ({
            backend: candidate.route.backend,
            model: candidate.route.model,
            reason: candidate.route.sentTo === null ? "on this computer" : `on ${candidate.route.sentTo}`,
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
