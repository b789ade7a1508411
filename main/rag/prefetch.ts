/**
 * Lets a stage work ahead of the one that reads it: at most `ahead` finished values wait. Errors arrive in their place; leaving the
 * loop ends the source.
 */
export async function* prefetch<T>(source: AsyncIterable<T>, ahead: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  const pending: Promise<IteratorResult<T>>[] = []
  const request = (): void => {
    const next = iterator.next()
    // A failure is reported where its turn comes, not before.
    next.catch(() => {})
    pending.push(next)
  }
  try {
    for (let count = 0; count <= ahead; count++) request()
    for (;;) {
      const next = await (pending.shift() as Promise<IteratorResult<T>>)
      if (next.done) return
      request()
      yield next.value
    }
  } finally {
    await Promise.allSettled([...pending, iterator.return?.()])
  }
}
