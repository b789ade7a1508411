import { type RefObject, useLayoutEffect, useRef } from "react"

const settleMs = 200

/**
 * Lets the entries of a list slide to their new places when its order changes, instead of jumping. Entries carry `data-key`.
 * Where motion is unwanted they simply stand there. Source: "FLIP your animations", https://aerotwist.com/blog/flip-your-animations/
 */
export function useSettling(list: RefObject<HTMLElement | null>, order: string): void {
  const places = useRef(new Map<string, number>())
  // biome-ignore lint/correctness/useExhaustiveDependencies: the order is what moves the entries
  useLayoutEffect(() => {
    const before = places.current
    const now = new Map<string, number>()
    const isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches
    for (const entry of list.current?.querySelectorAll<HTMLElement>("[data-key]") ?? []) {
      const key = entry.dataset.key ?? ""
      const left = entry.offsetLeft
      now.set(key, left)
      const moved = (before.get(key) ?? left) - left
      if (moved === 0 || isStill) continue
      entry.animate([{ transform: `translateX(${moved}px)` }, { transform: "none" }], {
        duration: settleMs,
        easing: "cubic-bezier(0.2, 0, 0, 1)",
      })
    }
    places.current = now
  }, [list, order])
}
