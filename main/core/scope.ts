/** Owns what was opened: closes in reverse order, awaited, once. Whoever opens adds; whoever made the scope closes. */
export interface Scope {
  /** Registers a closer and returns the thing. */
  add<T>(thing: T, close: (thing: T) => void | Promise<void>): T
  /** Closes everything, newest first. Later calls return the same promise. The first failure is thrown after all were tried. */
  close(): Promise<void>
}

export function createScope(): Scope {
  const closers: (() => void | Promise<void>)[] = []
  let closing: Promise<void> | undefined
  return {
    add(thing, close) {
      if (closing) throw new Error("The scope is closed.")
      closers.push(() => close(thing))
      return thing
    },
    close() {
      closing ??= closeAll(closers)
      return closing
    },
  }
}

async function closeAll(closers: (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers.reverse()) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
