import { isMap, LineCounter, parseDocument } from "yaml"
import { z } from "zod"
import { AppError } from "#core/errors.ts"

/** `in-process`, a server, `server/model`, `@group`, or `@others`: every server that has a default model. */
const target = z.string().regex(/^(?:@?[a-z0-9][a-z0-9-]{0,39}|[a-z0-9][a-z0-9-]{0,39}\/\S{1,200})$/)

const pattern = z.string().max(300).refine(isPattern, "is not a regular expression")

const domain = z.strictObject({
  /** Whole words that speak for it. */
  words: z.array(z.string().min(1).max(60)).max(500).default([]),
  /** Regular expressions that speak for it, each as much as two words. */
  patterns: z.array(pattern).max(50).default([]),
  /** Requests of this kind: what reads like them counts as one, by meaning. */
  examples: z.array(z.string().min(1).max(500)).max(200).default([]),
  /** Confidence from which it is taken; below, `default` is. */
  threshold: z.number().min(0).max(1).default(0),
  tools: z.array(z.string().max(60)).default([]),
  targets: z.array(target).min(1),
})

/** How much each signal counts; 0: not at all. One place in the list of targets is 1. */
const weights = z.strictObject({
  /** What a request that reads like a kind's examples adds to that kind; one word of the rules adds 1. */
  examples: z.number().min(0).max(10).default(3),
  speed: z.number().min(0).max(3).default(0.5),
  cost: z.number().min(0).max(3).default(0.5),
  /** Whoever answered in this chat before. */
  history: z.number().min(0).max(3).default(0.25),
  /** How well passages of documents answer: clear ones need no strong model. */
  retrieval: z.number().min(0).max(3).default(1.25),
})

const rulesSchema = z.strictObject({
  version: z.literal(1),
  /** The domain of what no rule speaks for. */
  default: z.string(),
  domains: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), domain),
  groups: z
    .record(
      z.string(),
      z.strictObject({
        /** `first`: in their order. `round-robin`: in turn. `weighted`: in turn, by weight. */
        mode: z.enum(["first", "round-robin", "weighted"]).default("first"),
        members: z.array(z.strictObject({ target, weight: z.number().min(0).max(1000).default(1) })).min(1),
      }),
    )
    .default({}),
  weights: weights.default(weights.parse({})),
  /** What a thousand tokens cost, in whatever money, by target. Absent: nothing. */
  costs: z.record(target, z.number().min(0).max(1_000_000)).default({}),
  /** Asked when the targets of a domain cannot answer. */
  fallback: z.array(target).default(["in-process", "@others"]),
})
export type Rules = z.infer<typeof rulesSchema>

/** Reads and checks rules. Throws `config.invalid` with the line of the first mistake. @param servers Names that targets may have; null: any. */
export function parseRules(text: string, servers: readonly string[] | null): Rules {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [broken] = document.errors
  if (broken) throw invalid(lines.linePos(broken.pos[0]).line, broken.message.split("\n")[0] ?? "cannot be read")
  const parsed = rulesSchema.safeParse(document.toJS({ maxAliasCount: 20 }))
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const keys = path.slice(0, length)
      const parent = length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true)
      const last = keys.at(-1)
      if (isMap(parent)) {
        const pair = parent.items.find(({ key }) => String(key) === String(last))
        const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range
        if (range) return lines.linePos(range[0]).line
      }
      const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(lineOf(issue?.path ?? []), `${(issue?.path ?? []).join(".")}: ${issue?.message ?? "is not valid"}`)
  }
  check(parsed.data, servers, (path, what) => invalid(lineOf(path), what))
  return parsed.data
}

function check(
  rules: Rules,
  servers: readonly string[] | null,
  wrong: (path: PropertyKey[], what: string) => AppError,
) {
  const { domains, groups, fallback, costs } = rules
  if (!(rules.default in domains)) throw wrong(["default"], `there is no domain ${rules.default}`)
  const checkTarget = (name: string, path: PropertyKey[]): void => {
    if (name === "@others" || name === "in-process") return
    if (name.startsWith("@")) {
      if (!(name.slice(1) in groups)) throw wrong(path, `there is no group ${name}`)
      return
    }
    const server = name.split("/")[0] ?? ""
    if (servers !== null && !servers.includes(server)) throw wrong(path, `there is no server ${server}`)
  }
  for (const [name, { targets }] of Object.entries(domains))
    for (const [index, one] of targets.entries()) checkTarget(one, ["domains", name, "targets", index])
  for (const [index, one] of fallback.entries()) checkTarget(one, ["fallback", index])
  for (const name of Object.keys(costs)) checkTarget(name, ["costs", name])
  for (const [name, { members, mode }] of Object.entries(groups)) {
    for (const [index, member] of members.entries())
      checkTarget(member.target, ["groups", name, "members", index, "target"])
    if (mode === "weighted" && members.every(({ weight }) => weight === 0))
      throw wrong(["groups", name], `all weights of ${name} are zero`)
    if (leadsBack(name, rules)) throw wrong(["groups", name], `the group ${name} contains itself`)
  }
}

function leadsBack(start: string, { groups }: Rules): boolean {
  const seen = new Set<string>()
  const visit = (name: string): boolean =>
    (groups[name]?.members ?? []).some(({ target: to }) => {
      if (!to.startsWith("@") || to === "@others") return false
      const next = to.slice(1)
      if (next === start) return true
      if (seen.has(next)) return false
      seen.add(next)
      return visit(next)
    })
  return visit(start)
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "iu")
    return true
  } catch {
    return false
  }
}

const invalid = (line: number, what: string): AppError =>
  new AppError("config.invalid", `Line ${line} of the routing rules: ${what}.`, {
    remedy: "Correct the line. Until then the rules before it go on.",
  })
