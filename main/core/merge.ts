/**
 * Values of several streams as they come; ends when all have ended. When one fails, or the consumer leaves, the others are told to return
 * and the failure is thrown; streams that wait on something slow should end it by their own signal.
 */
export async function* merge<T>(streams: readonly AsyncIterable<T>[]): AsyncGenerator<T, void> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]())
  const pull = (iterator: AsyncIterator<T>) => iterator.next().then((result) => ({ iterator, result }))
  const pending = new Map(iterators.map((iterator) => [iterator, pull(iterator)]))
  try {
    while (pending.size > 0) {
      const { iterator, result } = await Promise.race(pending.values())
      if (result.done) {
        pending.delete(iterator)
        continue
      }
      // Pulled only after the consumer took the value: nothing is read ahead.
      yield result.value
      pending.set(iterator, pull(iterator))
    }
  } finally {
    for (const [iterator, next] of pending) {
      next.catch(() => undefined)
      iterator.return?.()?.catch(() => undefined)
    }
  }
}
