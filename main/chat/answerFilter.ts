/**
 * Cleans a composed answer while it streams: citation markers that the model invents are dropped (citations are attached by the
 * program), links and images keep their words only, so that nothing a document planted becomes an address.
 */
export interface AnswerFilter {
  /** What may be shown now; an open bracket is held back until it closes. */
  push(text: string): string
  end(): string
}

const longestHeld = 400

export function createAnswerFilter(): AnswerFilter {
  let held = ""
  return {
    push(text) {
      held += text
      const cut = heldFrom(held)
      const ready = held.slice(0, cut)
      held = held.slice(cut)
      return cleanAnswer(ready)
    },
    end() {
      const rest = held
      held = ""
      return cleanAnswer(rest)
    },
  }
}

/** Where the part begins that may still turn into a marker or a link. */
function heldFrom(text: string): number {
  const open = text.search(/\s*!?\[[^\]]*(?:\](?:\([^)]*)?)?$/)
  if (open >= 0 && text.length - open <= longestHeld) return open
  // A space may belong to a marker that follows.
  const space = text.search(/[\s!]+$/)
  return space >= 0 ? space : text.length
}

export function cleanAnswer(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\s*[[(](?:(?:document|doc|passage|source|excerpt)s?\s*)?#?\d{1,2}(?:\s*,\s*\d{1,2})*\]/gi, "")
    .replace(/<\|[^|<>]{1,40}\|>/g, "")
}
