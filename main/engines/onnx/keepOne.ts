/** Holds loaded things by key: the same key shares the load, another key replaces the one used longest ago, and a failed load is forgotten. */
export interface KeepOne<T> {
  get(key: string, load: () => Promise<T>): Promise<T>
  drop(): Promise<void>
}

/** @param limit Things held at a time. Default 1. */
export function createKeepOne<T>(release: (thing: T) => Promise<void>, limit = 1): KeepOne<T> {
  /** In the order of their last use. */
  const held = new Map<string, Promise<T>>()

  const free = async (key: string): Promise<void> => {
    const old = held.get(key)
    held.delete(key)
    await old?.then(release, () => undefined)
  }

  return {
    async get(key, load) {
      const known = held.get(key)
      if (known) {
        held.delete(key)
        held.set(key, known)
        return known
      }
      const oldest = held.size >= limit ? held.keys().next().value : undefined
      const freed = oldest === undefined ? Promise.resolve() : free(oldest)
      const thing = freed.then(load)
      held.set(key, thing)
      thing.catch(() => {
        if (held.get(key) === thing) held.delete(key)
      })
      return thing
    },
    async drop() {
      await Promise.all([...held.keys()].map(free))
    },
  }
}
