import { findPersonalData, type PiiOptions } from "./findPersonalData.ts"
import { type PiiKind, type PiiPurpose, piiLabels, piiPolicy } from "./policy.ts"

export interface MaskedText {
  text: string
  /** How many of each kind were taken out. */
  counts: Partial<Record<PiiKind, number>>
}

/** Takes out what the policy says for this purpose: `[E-MAIL]`. The way back is not kept. */
export function maskPersonalData(
  text: string,
  purpose: PiiPurpose,
  options: Omit<PiiOptions, "kinds"> = {},
): MaskedText {
  const counts: MaskedText["counts"] = {}
  const masked = replaceFindings(text, purpose, options, (kind) => {
    counts[kind] = (counts[kind] ?? 0) + 1
    return `[${piiLabels[kind]}]`
  })
  return { text: masked, counts }
}

export interface Pseudonyms {
  /** Puts numbered placeholders in the place of personal data; the same value has the same one in every text. */
  hide(text: string): string
  /** Puts back what stands behind the placeholders, also where it comes in pieces of an answer. */
  restore(text: string): string
}

/** Masking that can be undone by whoever holds this object, and by nobody else: nothing of it is kept anywhere. */
export function createPseudonyms(purpose: PiiPurpose, options: Omit<PiiOptions, "kinds"> = {}): Pseudonyms {
  const placeholders = new Map<string, string>()
  const values = new Map<string, string>()
  const perKind = new Map<PiiKind, number>()
  return {
    hide: (text) =>
      replaceFindings(text, purpose, options, (kind, value) => {
        const key = `${kind} ${value.toLowerCase()}`
        const known = placeholders.get(key)
        if (known !== undefined) return known
        // A text that holds such words of its own must not be changed on the way back.
        let placeholder: string
        do {
          const number = (perKind.get(kind) ?? 0) + 1
          perKind.set(kind, number)
          placeholder = `[${piiLabels[kind]} ${number}]`
        } while (text.includes(placeholder))
        placeholders.set(key, placeholder)
        values.set(placeholder, value)
        return placeholder
      }),
    restore: (text) => text.replaceAll(/\[[A-Z-]+ \d+\]/g, (placeholder) => values.get(placeholder) ?? placeholder),
  }
}

function replaceFindings(
  text: string,
  purpose: PiiPurpose,
  options: Omit<PiiOptions, "kinds">,
  replacement: (kind: PiiKind, value: string) => string,
): string {
  return replaceIn(text, { ...options, kinds: piiPolicy[purpose] }, replacement)
}

/** The text with every finding replaced by what is given back for it. */
export function replaceIn(
  text: string,
  options: PiiOptions,
  replacement: (kind: PiiKind, value: string) => string,
): string {
  let end = 0
  let replaced = ""
  for (const finding of findPersonalData(text, options)) {
    replaced += text.slice(end, finding.start) + replacement(finding.kind, text.slice(finding.start, finding.end))
    end = finding.end
  }
  return replaced + text.slice(end)
}
