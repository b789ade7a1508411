import type { Element, ElementContent, Root, Text } from "hast"
import type { CitedSpan } from "#contract/turns.ts"

export interface SpanOptions {
  /** Sentences of the whole answer, in characters of its source. */
  spans: readonly CitedSpan[]
  /** Where this block starts in the answer's source. */
  offset: number
  /** The sentence being heard. */
  lit: { start: number; end: number } | null
}

interface Leaf {
  node: Text | Element
  start: number
  end: number
}

/**
 * Places citation numerals behind the sentences they support and marks unsupported and spoken sentences.
 * Runs after sanitising: what it adds is ours, what it moves is already clean.
 */
export function placeSpans({ spans, offset, lit }: SpanOptions) {
  return (tree: Root): void => {
    const leaves: Leaf[] = []
    collect(tree, offset, leaves)
    const first = leaves[0]
    const last = leaves.at(-1)
    if (!first || !last) return
    const marks = new Map<Leaf, { at: number; span: CitedSpan }[]>()
    for (const span of spans) {
      if (span.citations.length === 0 || span.end <= first.start || span.end > last.end + 8) continue
      const leaf = leaves.findLast((candidate) => candidate.start < span.end)
      if (!leaf) continue
      const list = marks.get(leaf) ?? []
      list.push({ at: Math.min(span.end, leaf.end) - leaf.start, span })
      marks.set(leaf, list)
    }
    const ranges = spans.filter((span) => !span.supported)
    rewrite(tree, leaves, marks, ranges, lit)
  }
}

function collect(parent: Root | Element, offset: number, leaves: Leaf[]): void {
  for (const child of parent.children) {
    if (child.type !== "text" && child.type !== "element") continue
    const start = child.position?.start.offset
    const end = child.position?.end.offset
    const isLeaf = child.type === "text" || child.tagName === "pre"
    if (isLeaf && start !== undefined && end !== undefined) {
      leaves.push({ node: child, start: start + offset, end: end + offset })
    } else if (child.type === "element") collect(child, offset, leaves)
  }
}

function rewrite(
  parent: Root | Element,
  leaves: readonly Leaf[],
  marks: ReadonlyMap<Leaf, { at: number; span: CitedSpan }[]>,
  unsupported: readonly CitedSpan[],
  lit: SpanOptions["lit"],
): void {
  const children = parent.children.flatMap((child): (typeof parent.children)[number][] => {
    const leaf = leaves.find((candidate) => candidate.node === child)
    if (leaf?.node.type === "text") return cut(leaf.node, leaf, marks.get(leaf) ?? [], unsupported, lit)
    if (leaf) return [leaf.node, ...(marks.get(leaf) ?? []).map(({ span }) => numeral(span))]
    if (child.type === "element") rewrite(child, leaves, marks, unsupported, lit)
    return [child]
  })
  parent.children = children as typeof parent.children
}

/** Cuts one text at the edges of its sentences. */
function cut(
  node: Text,
  leaf: Leaf,
  marks: readonly { at: number; span: CitedSpan }[],
  unsupported: readonly CitedSpan[],
  lit: SpanOptions["lit"],
): ElementContent[] {
  const { value } = node
  // Escapes and entities make the source longer than what is shown: then only the end is sure.
  const isExact = leaf.end - leaf.start === value.length
  const place = (at: number): number => (isExact ? clamp(at, value.length) : at <= 0 ? 0 : value.length)
  const local = (range: { start: number; end: number }) => ({
    start: place(range.start - leaf.start),
    end: place(range.end - leaf.start),
  })
  const reasons = unsupported.map((span) => ({ ...local(span), reason: span.reason ?? "" }))
  const heard = lit ? local(lit) : null
  const numerals = marks.map(({ at, span }) => ({ at: trimBack(value, place(at)), span }))
  const edges = new Set([0, value.length, ...numerals.map((entry) => entry.at)])
  for (const range of heard ? [...reasons, heard] : reasons) edges.add(range.start).add(range.end)
  const sorted = [...edges].sort((left, right) => left - right)
  const pieces: ElementContent[] = []
  for (let index = 0; index < sorted.length; index++) {
    const start = sorted[index] ?? 0
    const end = sorted[index + 1]
    if (start > 0 || value.length === 0) {
      for (const entry of numerals) if (entry.at === start) pieces.push(numeral(entry.span))
    }
    if (end === undefined) break
    const isCited = numerals.some((entry) => entry.at === end)
    const text: Text = {
      type: "text",
      value: isCited ? withoutMarks(value.slice(start, end)) : value.slice(start, end),
    }
    const why = reasons.find((range) => range.start <= start && range.end >= end && range.end > range.start)
    const isLit = heard !== null && heard.start <= start && heard.end >= end
    pieces.push(
      why ? wrap("zg-unsupported", { dataReason: why.reason }, text) : isLit ? wrap("zg-lit", {}, text) : text,
    )
  }
  return pieces
}

/** A quotation carries its mark in words for those who only read text; here the numeral says it. */
const withoutMarks = (text: string): string => text.replace(/(?:\s*\[\d{1,3}\])+$/, "")

const clamp = (at: number, length: number): number => Math.max(0, Math.min(length, at))

/** A numeral stands behind the full stop, not behind the blank after it. */
function trimBack(value: string, at: number): number {
  let end = at
  while (end > 1 && /\s/.test(value[end - 1] ?? "")) end--
  return end
}

const wrap = (tagName: string, properties: Element["properties"], child: Text): Element => ({
  type: "element",
  tagName,
  properties,
  children: [child],
})

const numeral = (span: CitedSpan): Element => ({
  type: "element",
  tagName: "zg-cite",
  properties: { dataNumbers: span.citations.join(",") },
  children: [],
})
