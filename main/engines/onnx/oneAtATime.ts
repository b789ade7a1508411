/** One piece of work at a time; urgent ones go first, equals in the order they came. */
export interface OneAtATime {
  run<T>(isUrgent: boolean, work: () => Promise<T>): Promise<T>
}

export function createOneAtATime(): OneAtATime {
  const waiting: { isUrgent: boolean; start: () => Promise<void> }[] = []
  let isBusy = false

  const next = (): void => {
    if (isBusy) return
    const urgent = waiting.findIndex((entry) => entry.isUrgent)
    const [entry] = waiting.splice(Math.max(0, urgent), 1)
    if (!entry) return
    isBusy = true
    void entry.start().finally(() => {
      isBusy = false
      next()
    })
  }

  return {
    run: (isUrgent, work) =>
      new Promise((resolve, reject) => {
        waiting.push({ isUrgent, start: () => work().then(resolve, reject) })
        next()
      }),
  }
}
