import type { WhyOutcome } from "#contract/why.ts"
import type { DocumentRecord } from "#store/types.ts"

export interface Finding {
  outcome: WhyOutcome
  /** What was seen, where it says more than the outcome alone. */
  detail?: string
  /** What the failed step itself advises. */
  remedy?: string
}

/** What a finding means for the person, and what they can do. */
export function fixFor(
  { outcome, detail, remedy }: Finding,
  { title }: Pick<DocumentRecord, "title">,
): { summary: string; fix: string | null } {
  const name = `“${title}”`
  switch (outcome) {
    case "used":
      return { summary: `${name} takes part in the answer.`, fix: null }
    case "not-ready":
      return { summary: `${name} is still being read.`, fix: "Ask again when its row says “ready”." }
    case "parse-failed":
      return {
        summary: `${name} could not be read. ${detail ?? ""}`.trim(),
        fix: remedy ?? "Open the file in its own program, save it again, then choose Read again.",
      }
    case "no-text":
      return {
        summary: `${name} holds no text: it is empty, or a scan of pictures.`,
        fix: remedy ?? "Run text recognition (OCR) over the file and add the result, or add the text itself.",
      }
    case "not-chunked":
      return { summary: `${name} has text but no passages.`, fix: "Choose Read again on its row." }
    case "not-embedded":
      return {
        summary: `${name} is searched by its words only: it has no vectors yet. The question uses other words.`,
        fix: "Wait for the job “Search by meaning”, or choose Read again. Until then use words that stand in the document.",
      }
    case "wrong-embedder":
      return {
        summary: `${name} is searched by its words only: its vectors belong to another embedding model than questions use.`,
        fix: "Start the index again under Models by choosing the embedding model in use, and wait for the job “Search by meaning”.",
      }
    case "excluded-by-filter":
      return {
        summary: `${name} was not searched. ${detail ?? ""}`.trim(),
        fix: "Search all collections, or add its collection to the chosen ones.",
      }
    case "no-match":
      return {
        summary: `Nothing in ${name} matches the question, neither by words nor by meaning.`,
        fix: "Ask with words that stand in the document, or check its text: Open shows what was read.",
      }
    case "beaten-by-duplicate":
      return {
        summary: detail ?? `Another document says nearly the same as ${name} and stands higher.`,
        fix: "Nothing is lost: the other copy answers. Remove one of the two, or search the collection of this one alone.",
      }
    case "beaten-by-rank":
      return {
        summary: `Other documents match better than ${name}. ${detail ?? ""}`.trim(),
        fix: "Name the document or its subject in the question, search its collection alone, or raise “Passages per answer” in Settings.",
      }
    case "below-threshold":
      return {
        summary: `${name} was found, but what was found does not seem to answer the question. ${detail ?? ""}`.trim(),
        fix: "Ask for what the document states, in its own words, or leave out names it does not have.",
      }
    case "cut-by-budget":
      return {
        summary: `${name} was found, but left out of the prompt. ${detail ?? ""}`.trim(),
        fix: "Search its collection alone, ask a narrower question, or choose a faster model.",
      }
  }
}
