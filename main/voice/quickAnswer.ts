import { type AfterQuick, afterQuick } from "#chat/afterQuick.ts"
import { quickConfidence, quickFloor } from "#chat/quickAnswer.ts"
import type { CitedSpan, Passage, PhaseResult, TurnEventBody } from "#contract/turns.ts"
import { speakable } from "./speakable.ts"
import type { SpokenPart } from "./spokenParts.ts"

/** A sentence of the documents that is spoken at once, and what the composed answer then adds. */
export interface QuickAnswer {
  event: Extract<TurnEventBody, { type: "quick-answer" }>
  parts: SpokenPart[]
  /** What to say of the answer that stands. */
  follow(answer: { text: string; spans: readonly CitedSpan[]; found: boolean }): SpokenPart[]
}

/** Watches a turn's events for a quotation that is certain enough to be spoken as the answer. */
export function createQuickAnswers(): { watch(event: TurnEventBody): QuickAnswer | null } {
  let question = ""
  let passages: readonly Passage[] = []
  let results: readonly PhaseResult[] = []
  return {
    watch(event) {
      if (event.type === "retrieve-start") question = event.query
      else if (event.type === "retrieve-phase") results = event.results
      else if (event.type === "retrieve-end") passages = event.passages
      if (event.type !== "quote") return null
      const { sentence, citation } = event
      const passage = passages.find(({ n }) => n === citation)
      if (!passage) return null
      const confidence = quickConfidence({ question, sentence, passage, results })
      const said = speakable(sentence)
      if (confidence < quickFloor || said.length > longestSentence || said === "") return null
      return {
        event: { type: "quick-answer", sentence, citation, confidence },
        parts: [
          { aside: `${sourceName(passage)}:`, shown: sentence, citation },
          { aside: said, shown: sentence, citation },
        ],
        follow: (answer) => leadOver(afterQuick({ question, sentence }, answer), answer.text),
      }
    },
  }
}

/** Longer sentences are no quick answer: the composed one is as soon. */
const longestSentence = 240

function leadOver(after: AfterQuick, text: string): SpokenPart[] {
  switch (after.kind) {
    case "same":
      return [{ skip: text.length }]
    case "unsure":
      return [{ skip: text.length }, { aside: "Whether that answers your question, I cannot say for certain." }]
    case "other":
      return [{ lead: "More exactly: " }, { text }]
    case "more": {
      const parts: SpokenPart[] = []
      let at = 0
      for (const { start, end } of after.ranges) {
        if (start > at) parts.push({ skip: start - at })
        if (at === 0 || parts.every((part) => !("lead" in part))) parts.push({ lead: "And: " })
        parts.push({ text: text.slice(start, end) })
        at = end
      }
      if (at < text.length) parts.push({ skip: text.length - at })
      return parts
    }
  }
}

const documentKinds =
  /\b(?:manual|handbook|letter|agreement|contract|policy|terms|guide|list|minutes|recipe|report|notes|plan|invoice|data ?sheet|leaflet|statement|rules|sheet|instructions)$/i

/** How a source is named aloud: "Your operating manual says", `“Brenholt P7” says`; in one breath. */
export function sourceName(passage: Pick<Passage, "title" | "kind" | "url">): string {
  if (passage.kind === "memory") return "You told me"
  const parts = passage.title
    .replace(/\.[a-z0-9]{2,5}$/i, "")
    .replace(/[_]+/g, " ")
    .split(/\s+[–—|-]\s+|:\s+/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
  const kind = parts.find((part) => documentKinds.test(part) && part.split(/\s+/).length <= 4)
  if (kind) {
    const says = /s$/i.test(kind) && !/(?:s|x)s$/i.test(kind) ? "say" : "says"
    return `Your ${kind === kind.toUpperCase() ? kind.toLowerCase() : lowerFirst(kind)} ${says}`
  }
  const name = (parts[0] ?? "").split(/\s+/).slice(0, 7).join(" ")
  return name === "" ? "Your documents say" : `${name === name.toUpperCase() ? titleCase(name) : name} says`
}

/** "Operating Manual" → "operating manual"; names inside keep their capital only where the whole is a name. */
const lowerFirst = (text: string): string => text.replace(/\b\p{Lu}(?=\p{Ll})/gu, (letter) => letter.toLowerCase())
const titleCase = (text: string): string => text.toLowerCase().replace(/\b\p{L}/gu, (letter) => letter.toUpperCase())
