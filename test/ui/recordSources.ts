import type { Page } from "playwright"

/** The row of sources of the last answer in one frame. */
interface Frame {
  order: string[]
  isProvisional: boolean
  top: number
  height: number
  /** From the top of the row to that of the text; null before there is text. */
  textBelow: number | null
}

/** Notes the row of sources in every frame from now on, and how often something was set moving. */
export async function recordSources(page: Page): Promise<() => Promise<{ frames: Frame[]; slides: number }>> {
  await page.evaluate(() => {
    const record = { frames: [] as Frame[], slides: 0 }
    Object.assign(window, { record })
    const animate = Element.prototype.animate
    Element.prototype.animate = function (...input) {
      if (this instanceof HTMLElement && this.dataset.key) record.slides++
      return animate.apply(this, input)
    }
    const look = () => {
      const row = document.querySelector(".answer:last-of-type .chips")
      if (row) {
        const { top, height } = row.getBoundingClientRect()
        const text = document.querySelector(".answer:last-of-type .prose")
        record.frames.push({
          order: [...row.querySelectorAll<HTMLElement>("[data-key]")].map((entry) => entry.dataset.key ?? ""),
          isProvisional: row.getAttribute("aria-busy") === "true",
          top: Math.round(top),
          height: Math.round(height),
          textBelow: text?.textContent ? Math.round(text.getBoundingClientRect().top - top) : null,
        })
      }
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  return () => page.evaluate(() => (window as unknown as { record: { frames: Frame[]; slides: number } }).record)
}
