import { useCallback, useEffect, useRef, useState } from "react"

interface PageOf<T> {
  items: T[]
  next: string | null
}

/** A list that is read page by page; begins anew when `key`, what it is filtered by, changes. */
export function usePages<T>(
  key: string,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>,
) {
  const [state, setState] = useState<{ items: T[]; next: string | null; isLoaded: boolean; error: unknown }>({
    items: [],
    next: null,
    isLoaded: false,
    error: null,
  })
  const latest = useRef(load)
  latest.current = load
  const read = useCallback(async (cursor: string | undefined, signal: AbortSignal) => {
    try {
      const { items, next } = await latest.current(cursor, signal)
      setState((before) => ({
        items: cursor === undefined ? items : [...before.items, ...items],
        next,
        isLoaded: true,
        error: null,
      }))
    } catch (error) {
      if (!signal.aborted) setState((before) => ({ ...before, isLoaded: true, error }))
    }
  }, [])
  const controller = useRef<AbortController | null>(null)
  const restart = useCallback(() => {
    controller.current?.abort()
    controller.current = new AbortController()
    void read(undefined, controller.current.signal)
  }, [read])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter is another list
  useEffect(() => {
    restart()
    return () => controller.current?.abort()
  }, [key, restart])
  const { next } = state
  return {
    ...state,
    restart,
    more: next === null ? null : () => void read(next, controller.current?.signal ?? new AbortController().signal),
  }
}
