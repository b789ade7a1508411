import { AppError } from "#core/errors.ts"

/** One memory budget over all engines: who holds how much, and who goes first when room is needed. */
export interface MemoryBudget {
  /**
   * Makes a claim before a model is loaded. Idle models are evicted, the longest unused first, until it fits; when it cannot fit,
   * `model.no-memory` is thrown and nothing is evicted. Claiming again for the same id replaces the claim.
   */
  reserve(claim: MemoryClaim, signal: AbortSignal): Promise<void>
  /** Marks a model as used now: it becomes the last to be evicted. */
  touch(id: string): void
  release(id: string): void
  /** What loading would mean now, without doing it. */
  predict(bytes: number): MemoryPrediction
  usedBytes(): number
  readonly totalBytes: number
}

export interface MemoryClaim {
  id: string
  bytes: number
  /** True while no request of this model runs or waits. */
  isIdle: () => boolean
  /** Frees the model's memory. */
  evict: () => Promise<void>
}

export interface MemoryPrediction {
  fits: boolean
  /** Ids that would have to go, in order. */
  evicts: string[]
  freeBytes: number
}

interface Held extends MemoryClaim {
  usedAt: number
}

/** @param totalBytes What all models together may take. */
export function createMemoryBudget(options: { totalBytes: number }): MemoryBudget {
  const held = new Map<string, Held>()
  let uses = 0
  /** Reservations wait for each other: two loads at once must not both count the same free memory. */
  let last: Promise<void> = Promise.resolve()

  const usedBytes = (): number => [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0)

  const plan = (bytes: number, self?: string): MemoryPrediction => {
    const others = [...held.values()].filter(({ id }) => id !== self)
    const freeBytes = options.totalBytes - others.reduce((sum, other) => sum + other.bytes, 0)
    const evicts: string[] = []
    let room = freeBytes
    for (const model of others.filter(({ isIdle }) => isIdle()).sort((left, right) => left.usedAt - right.usedAt)) {
      if (room >= bytes) break
      evicts.push(model.id)
      room += model.bytes
    }
    return { fits: room >= bytes, evicts, freeBytes }
  }

  const reserve = async (claim: MemoryClaim, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    const { fits, evicts, freeBytes } = plan(claim.bytes, claim.id)
    if (!fits) {
      throw new AppError(
        "model.no-memory",
        `The model needs ${gigabytes(claim.bytes)} of memory; ${gigabytes(Math.max(0, freeBytes))} are free.`,
        { remedy: "Choose a smaller model, or unload another one." },
      )
    }
    for (const id of evicts) {
      await held.get(id)?.evict()
      held.delete(id)
    }
    held.set(claim.id, { ...claim, usedAt: ++uses })
  }

  return {
    totalBytes: options.totalBytes,
    reserve(claim, signal) {
      const mine = last.then(() => reserve(claim, signal))
      last = mine.catch(() => {})
      return mine
    },
    touch(id) {
      const model = held.get(id)
      if (model) model.usedAt = ++uses
    },
    release: (id) => void held.delete(id),
    predict: (bytes) => plan(bytes),
    usedBytes,
  }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
