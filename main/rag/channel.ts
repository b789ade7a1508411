/** A bounded line between two stages: who puts waits while it is full, who takes waits while it is empty. */
export interface Channel<T> {
  /** Resolves once there was room. Throws what `fail` was given. */
  put(value: T): Promise<void>
  /** Undefined: closed and empty. Throws what `fail` was given. */
  take(): Promise<T | undefined>
  /** What lies ready, without waiting. */
  takeReady(): T | undefined
  /** No more values will come. */
  close(): void
  /** Everybody who waits, and whoever comes later, gets this error. */
  fail(error: unknown): void
}

export function createChannel<T>(capacity: number): Channel<T> {
  const values: T[] = []
  const takers: { resolve: (value: T | undefined) => void; reject: (error: unknown) => void }[] = []
  const putters: { resolve: () => void; reject: (error: unknown) => void }[] = []
  let isClosed = false
  let failure: { error: unknown } | undefined

  const takeReady = (): T | undefined => {
    const value = values.shift()
    if (value !== undefined) putters.shift()?.resolve()
    return value
  }
  return {
    async put(value) {
      while (values.length >= capacity && !failure) {
        await new Promise<void>((resolve, reject) => putters.push({ resolve, reject }))
      }
      if (failure) throw failure.error
      const taker = takers.shift()
      if (taker) taker.resolve(value)
      else values.push(value)
    },
    take() {
      if (failure) return Promise.reject(failure.error)
      const value = takeReady()
      if (value !== undefined) return Promise.resolve(value)
      if (isClosed) return Promise.resolve(undefined)
      return new Promise((resolve, reject) => takers.push({ resolve, reject }))
    },
    takeReady,
    close() {
      isClosed = true
      for (const taker of takers.splice(0)) taker.resolve(undefined)
    },
    fail(error) {
      failure ??= { error }
      values.length = 0
      for (const taker of takers.splice(0)) taker.reject(error)
      for (const putter of putters.splice(0)) putter.reject(error)
    },
  }
}
