import { createClassifier } from "#routing/classify.ts"
import { defaultRules } from "#routing/defaultRules.ts"
import { parseRules } from "#routing/rules.ts"
import { readRequests } from "./shared/routingRequests.ts"
import { seedTarget } from "./shared/seedRouter.ts"

/** Kinds of requests in the order of the seed's targets: edge, jarvis, leonardo. */
const kinds = ["quick", "technical", "thorough"]
const targets: Record<string, string> = { edge: "quick", jarvis: "technical", leonardo: "thorough" }

/** How often the rules take a request for what it is, beside the earlier system's rules; odd lines were held aside when the rules were written. */
function bench(): void {
  const requests = readRequests()
  const classify = createClassifier(parseRules(defaultRules, null))
  const ways: [string, (text: string) => string][] = [
    ["rules", (text) => classify(text).domain],
    ["seed", (text) => targets[seedTarget(text)] ?? ""],
  ]
  for (const [part, chosen] of [
    ["written with", requests.filter((_, index) => index % 2 === 0)],
    ["held aside", requests.filter((_, index) => index % 2 === 1)],
  ] as const) {
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
  const times = requests
    .map(({ text }) => {
      const startedAt = performance.now()
      classify(text)
      return performance.now() - startedAt
    })
    .sort((left, right) => left - right)
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(3)
  console.log(`time per request: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
}

bench()
