/** Keeps the bytes that are in memory at a time below a limit; one larger than the limit enters alone. */
export interface ByteGate {
  /** Waits for room. Throws `signal.reason`. */
  enter(bytes: number, signal: AbortSignal): Promise<void>
  leave(bytes: number): void
}

export function createByteGate(limit: number): ByteGate {
  let inside = 0
  const waiting = new Set<() => void>()
  return {
    async enter(bytes, signal) {
      while (inside > 0 && inside + bytes > limit) {
        signal.throwIfAborted()
        await new Promise<void>((resolve) => {
          const go = (): void => {
            waiting.delete(go)
            signal.removeEventListener("abort", go)
            resolve()
          }
          waiting.add(go)
          signal.addEventListener("abort", go, { once: true })
        })
      }
      signal.throwIfAborted()
      inside += bytes
    },
    leave(bytes) {
      inside = Math.max(0, inside - bytes)
      for (const go of [...waiting]) go()
    },
  }
}
