/** A bounded push-to-pull bridge: producers push, one consumer iterates. */
export interface PushQueue<T> extends AsyncIterable<T> {
  /** False when the queue is full or ended: the value was dropped. */
  push(value: T): boolean
  end(): void
  fail(error: unknown): void
  readonly size: number
  readonly dropped: number
}

/** @param capacity Values kept while the consumer is busy; further ones are dropped, newest first. Default: no limit. */
export function createPushQueue<T>(capacity = Number.POSITIVE_INFINITY): PushQueue<T> {
  const values: T[] = []
  let waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void } | undefined
  let done = false
  let failure: { error: unknown } | undefined
  let dropped = 0

  const settle = (): void => {
    if (!waiting) return
    const { resolve, reject } = waiting
    if (values.length > 0) {
      waiting = undefined
      resolve({ value: values.shift() as T, done: false })
    } else if (failure) {
      waiting = undefined
      reject(failure.error)
    } else if (done) {
      waiting = undefined
      resolve({ value: undefined, done: true })
    }
  }

  return {
    push(value) {
      if (done || failure || values.length >= capacity) {
        dropped++
        return false
      }
      values.push(value)
      settle()
      return true
    },
    end() {
      done = true
      settle()
    },
    fail(error) {
      failure ??= { error }
      settle()
    },
    get size() {
      return values.length
    },
    get dropped() {
      return dropped
    },
    [Symbol.asyncIterator]() {
      return {
        next: () =>
          new Promise<IteratorResult<T>>((resolve, reject) => {
            waiting = { resolve, reject }
            settle()
          }),
        return: async () => {
          done = true
          values.length = 0
          return { value: undefined, done: true }
        },
      }
    },
  }
}
