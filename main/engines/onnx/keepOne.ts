/** Holds one loaded thing by key: the same key shares the load, another key replaces it, and a failed load is forgotten. */
export interface KeepOne<T> {
  get(key: string, load: () => Promise<T>): Promise<T>
  drop(): Promise<void>
}

export function createKeepOne<T>(release: (thing: T) => Promise<void>): KeepOne<T> {
  let held: { key: string; thing: Promise<T> } | undefined

  const drop = async (): Promise<void> => {
    const old = held
    held = undefined
    if (old) await old.thing.then(release, () => undefined)
  }

  return {
    async get(key, load) {
      if (held?.key === key) return held.thing
      const freed = drop()
      const thing = freed.then(load)
      const mine = { key, thing }
      held = mine
      thing.catch(() => {
        if (held === mine) held = undefined
      })
      return thing
    },
    drop,
  }
}
