const storageKey = "zenglow.drafts"

/** Unsent words by chat, kept across restarts. */
export function keptDrafts(): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(storageKey) ?? "{}")
    if (typeof kept !== "object" || kept === null) return {}
    return Object.fromEntries(
      Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    )
  } catch {
    return {}
  }
}

export function keepDraft(key: string, text: string): void {
  const { [key]: _, ...others } = keptDrafts()
  window.localStorage.setItem(storageKey, JSON.stringify(text === "" ? others : { ...others, [key]: text }))
}
