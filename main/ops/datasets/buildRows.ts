import { createHash } from "node:crypto"
import type { DatasetCounts, DatasetRecipe, DatasetRow } from "#contract/datasets.ts"
import type { PiiOptions } from "#core/pii/findPersonalData.ts"
import { maskPersonalData } from "#core/pii/maskPersonalData.ts"
import type { Candidate, Collected } from "./collectRows.ts"
import { createNearIndex, normalised } from "./similarity.ts"

/** Texts that agree this much stay on one side of the split, even if both are kept. */
const kinship = 0.6
/** Candidates between two steps. */
const stepRows = 100

/**
 * Masks, filters, takes out what is there twice across all sources, balances and splits. Nothing depends on the order or the clock: the same
 * candidates with the same recipe give the same rows in the same order. Between two steps others get their turn, or the work is given up: what it
 * yields is how many candidates are done.
 */
export function* buildRows(
  { candidates, leftOut: before }: Pick<Collected, "candidates" | "leftOut">,
  recipe: DatasetRecipe,
  names: Pick<PiiOptions, "names" | "exact">,
): Generator<number, { rows: DatasetRow[]; counts: DatasetCounts }> {
  const leftOut = { ...before }
  const leave = (why: string): void => {
    leftOut[why] = (leftOut[why] ?? 0) + 1
  }
  const masked: DatasetCounts["masked"] = {}
  const clean = (text: string): string => {
    if (!recipe.maskPersonalData) return text
    const result = maskPersonalData(text, "dataset", { ...names, exact: [...(names.exact ?? []), ...recipe.hide] })
    for (const [kind, count] of Object.entries(result.counts))
      masked[kind as keyof typeof masked] = (masked[kind as keyof typeof masked] ?? 0) + count
    return result.text
  }

  const drafts: (Draft & { origins: string[]; rank: string })[] = []
  for (const [at, { kind, question, context, answer, origins }] of candidates.entries()) {
    if (at % stepRows === 0) yield at / 2
    if (answer.length < recipe.minChars) leave("tooShort")
    else if (answer.length > recipe.maxChars) leave("tooLong")
    else {
      const words = { question: clean(question).trim(), context: clean(context).trim(), answer: clean(answer).trim() }
      const id = hashOf(kind, words.question, words.context, words.answer)
      drafts.push({ ...words, kind, origins, id, rank: hashOf(String(recipe.seed), id) })
    }
  }
  drafts.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))

  const seen = new Set<string>()
  const index = createNearIndex<number>()
  const perKind: DatasetCounts["byKind"] = {}
  const kept: typeof drafts = []
  const groups = createGroups()
  for (const [at, draft] of drafts.entries()) {
    if (at % stepRows === 0) yield (candidates.length + at) / 2
    const text = `${draft.question} ${draft.answer}`
    const words = normalised(text)
    const near = index.nearest(text, kinship)
    if (seen.has(words) || (near && near.similarity >= recipe.nearDuplicate)) {
      leave("duplicate")
      continue
    }
    if ((perKind[draft.kind] ?? 0) >= (recipe.limits[draft.kind] ?? Number.POSITIVE_INFINITY)) {
      leave("beyondLimit")
      continue
    }
    seen.add(words)
    perKind[draft.kind] = (perKind[draft.kind] ?? 0) + 1
    index.add(text, kept.push(draft) - 1)
    const own = `row ${draft.id}`
    for (const origin of [...draft.origins, `question ${normalised(draft.question)}`]) groups.join(own, origin)
    const kin = near ? kept[near.value] : undefined
    if (kin) groups.join(own, `row ${kin.id}`)
  }

  const heldOut = holdOut(
    kept.map(({ id }) => ({ id, group: groups.of(`row ${id}`) })),
    recipe,
  )
  const rows = kept.map((draft) => toRow(draft, heldOut.has(draft.id) ? "heldOut" : "train", recipe.format))
  return {
    rows,
    counts: {
      rows: rows.length,
      train: rows.length - heldOut.size,
      heldOut: heldOut.size,
      byKind: perKind,
      leftOut,
      masked,
    },
  }
}

type Draft = Pick<Candidate, "kind" | "question" | "context" | "answer"> & { id: string }

function toRow(
  { id, kind, question, context, answer }: Draft,
  split: DatasetRow["split"],
  format: DatasetRecipe["format"],
): DatasetRow {
  if (format === "instruction") return { id, kind, split, instruction: question, input: context, output: answer }
  const asked = context === "" ? question : `${context}\n\n${question}`
  return {
    id,
    kind,
    split,
    messages: [
      { role: "user", content: asked },
      { role: "assistant", content: answer },
    ],
  }
}

/** Whole groups, in an order that the seed decides, as long as they fit into the share. */
function holdOut(rows: readonly { id: string; group: string }[], { holdOut: share, seed }: DatasetRecipe): Set<string> {
  const byGroup = Map.groupBy(rows, ({ group }) => group)
  const order = [...byGroup.values()]
    .map((members) => ({ members, rank: hashOf(String(seed), "split", members.map(({ id }) => id).sort()[0] ?? "") }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
  const held = new Set<string>()
  for (const { members } of order)
    if (held.size + members.length <= Math.floor(rows.length * share)) for (const { id } of members) held.add(id)
  return held
}

/** What was joined, however indirectly, has one name. */
function createGroups(): { join(a: string, b: string): void; of(name: string): string } {
  const parents = new Map<string, string>()
  const of = (name: string): string => {
    let root = name
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent
    for (let at = name; at !== root; ) {
      const next = parents.get(at) ?? root
      parents.set(at, root)
      at = next
    }
    return root
  }
  return {
    of,
    join(a, b) {
      const [one, other] = [of(a), of(b)]
      if (one !== other) parents.set(one, other)
    },
  }
}

const hashOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)
