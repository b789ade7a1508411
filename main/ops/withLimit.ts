/** Runs a check with its own time limit: it is aborted and answers, or fails, as `late` does when the limit passes. */
export async function withLimit<T>(
  work: (signal: AbortSignal) => Promise<T>,
  limitMs: number,
  late: () => T | Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const limit = new AbortController()
  const both = AbortSignal.any([signal, limit.signal])
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      resolve(late())
      limit.abort()
    }, limitMs)
  })
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: limit.signal })
  })
  try {
    signal.throwIfAborted()
    return await Promise.race([work(both), tooLate, aborted])
  } finally {
    clearTimeout(timer)
    limit.abort()
  }
}
