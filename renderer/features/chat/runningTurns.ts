/** A turn that this tab follows, as a reload needs it. */
export interface RunningTurn {
  turnId: string
  kind: "text" | "voice"
  /** The question whose answer is written again; null for a new question. */
  regeneratedId: string | null
}

const storageKey = "zenglow.runningTurns"

/** The turns of this tab by conversation: a page that is loaded again goes on with their answers. */
export function runningTurn(conversationId: string): RunningTurn | null {
  return read()[conversationId] ?? null
}

/** Null: the turn has ended. */
export function rememberTurn(conversationId: string, turn: RunningTurn | null): void {
  const { [conversationId]: _, ...others } = read()
  window.sessionStorage.setItem(storageKey, JSON.stringify(turn ? { ...others, [conversationId]: turn } : others))
}

function read(): Record<string, RunningTurn> {
  try {
    // Only this module writes it, and only this tab reads it.
    return JSON.parse(window.sessionStorage.getItem(storageKey) ?? "{}") as Record<string, RunningTurn>
  } catch {
    return {}
  }
}
