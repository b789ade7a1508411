/** Fan-out of events to any number of listeners. A slow or throwing listener never delays or stops the others. */
export interface Hub<T> {
  publish(value: T): void
  /** Returns the function that ends the subscription. */
  subscribe(listener: (value: T) => void): () => void
}

export function createHub<T>(onListenerError: (error: unknown) => void): Hub<T> {
  const listeners = new Set<(value: T) => void>()
  return {
    publish(value) {
      for (const listener of listeners) {
        try {
          listener(value)
        } catch (error) {
          onListenerError(error)
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
