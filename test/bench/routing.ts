import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeLlm } from "#engines/fake/fakeLlm.ts"
import { openBackends } from "#routing/backends.ts"
import { createClassifier } from "#routing/classify.ts"
import { defaultRules } from "#routing/defaultRules.ts"
import { createExamples } from "#routing/examples.ts"
import { openFeedback } from "#routing/feedback.ts"
import { createRuleFile } from "#routing/ruleFile.ts"
import { parseRules } from "#routing/rules.ts"
import { createSwitchr } from "#routing/switchr.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { backend } from "../fakes/backend.ts"
import { openMiniLm } from "./shared/miniLm.ts"
import { readRequests } from "./shared/routingRequests.ts"
import { seedTarget } from "./shared/seedRouter.ts"

/**
 * How often a request is taken for what it is: by the rules alone, by the rules with their examples compared by meaning, and by the earlier
 * system's rules; and how long a whole decision takes. Odd lines were held aside when the rules were written, and none of them is an example.
 */

/** Kinds of requests in the order of the seed's targets: edge, jarvis, leonardo. */
const kinds = ["quick", "technical", "thorough"]
const targets: Record<string, string> = { edge: "quick", jarvis: "technical", leonardo: "thorough" }
const { signal } = new AbortController()
const { embedder, stop } = openMiniLm({ threads: 2 })
const dataDir = await mkdtemp(join(tmpdir(), "zenglow-routing-bench-"))

try {
  await accuracy()
  await times()
} finally {
  await stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function accuracy(): Promise<void> {
  const requests = readRequests()
  const rules = parseRules(defaultRules, null)
  const classify = createClassifier(rules)
  const shares = await sharesOf(requests.map(({ text }) => text))
  const ways: [string, (text: string) => string][] = [
    ["rules and examples", (text) => classify(text, { shares: shares.get(text) ?? null }).domain],
    ["rules alone", (text) => classify(text).domain],
    ["earlier system", (text) => targets[seedTarget(text)] ?? ""],
  ]
  for (const [part, chosen] of [
    ["written with", requests.filter((_, index) => index % 2 === 0)],
    ["held aside", requests.filter((_, index) => index % 2 === 1)],
  ] as const)
    for (const [name, way] of ways) {
      const right = chosen.filter(({ label, text }) => way(text) === label).length
      console.log(`${part}, ${name}: ${right}/${chosen.length} right (${((100 * right) / chosen.length).toFixed(1)} %)`)
      console.log(`  label      ${kinds.map((kind) => kind.padStart(10)).join("")}`)
      for (const label of kinds) {
        const row = kinds.map((kind) => chosen.filter((one) => one.label === label && way(one.text) === kind).length)
        console.log(`  ${label.padEnd(10)} ${row.map((count) => String(count).padStart(10)).join("")}`)
      }
    }
}

/** By the product's own comparison; a slow machine's missed deadlines are tried again, since accuracy is asked for here. */
async function sharesOf(texts: string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const rules = parseRules(defaultRules, null)
  const examples = createExamples({ embedder: async () => embedder, log: silentLogger })
  const found = new Map<string, ReadonlyMap<string, number>>()
  for (const text of texts) {
    for (let tries = 0; tries < 500 && !found.has(text); tries++) {
      const shares = await examples.shares(rules, text)
      if (shares) found.set(text, shares)
    }
  }
  if (found.size < texts.length) throw new Error("The embedder did not answer.")
  return found
}

async function times(): Promise<void> {
  const { settings } = createMemoryStore()
  const backends = await openBackends({
    settings,
    connect: () => ({ models: async () => [], llm: (modelId) => createFakeLlm({ modelId }) }),
    keys: { has: async () => false, set: async () => undefined, remove: async () => undefined },
    isThisMachine: () => false,
    onChange() {},
    clock: systemClock,
  })
  for (const name of ["study", "far", "cloud"]) await backends.add(backend(name), null)
  const own = createFakeLlm({ modelId: "own" })
  const switchr = createSwitchr({
    backends,
    local: async () => own,
    rules: createRuleFile({
      file: join(dataDir, "routing.yaml"),
      servers: () => ["study", "far", "cloud"],
      log: silentLogger,
    }),
    examples: createExamples({ embedder: async () => embedder, log: silentLogger }),
    feedback: await openFeedback(settings),
    clock: systemClock,
  })
  const decide = (text: string) => switchr.decide({ text, prefer: null, isPrivate: false })
  // The examples are embedded once, after the first request.
  await decide("warm up")
  await embedder.embed(["until the examples are done"], "query", signal)
  const measured: number[] = []
  let inTime = 0
  for (const { text } of readRequests()) {
    const startedAt = performance.now()
    const decision = await decide(`${text} `)
    measured.push(performance.now() - startedAt)
    if (decision?.usedExamples) inTime++
  }
  measured.sort((left, right) => left - right)
  const at = (share: number): string => (measured[Math.floor(share * (measured.length - 1))] ?? 0).toFixed(2)
  console.log(
    `a whole decision among three servers and this computer: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms; ` +
      `examples compared in time for ${inTime} of ${measured.length}`,
  )
}
