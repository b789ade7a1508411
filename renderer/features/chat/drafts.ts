import { usePeople } from "../people/peopleStore.ts"

/** Unsent words are each person's own; whoever lives alone keeps theirs where they always were. */
const storageKey = (): string => {
  const { me } = usePeople.getState()
  return me === null || me.role === "owner" ? "zenglow.drafts" : `zenglow.drafts.${me.id}`
}

/** Unsent words by chat, kept across restarts. */
export function keptDrafts(): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(window.localStorage.getItem(storageKey()) ?? "{}")
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
  window.localStorage.setItem(storageKey(), JSON.stringify(text === "" ? others : { ...others, [key]: text }))
}
