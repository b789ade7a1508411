import axe from "axe-core"
import type { Page } from "playwright"
import { untilStill } from "./untilStill.ts"

/** What axe finds on the page that keeps somebody from using it: serious and critical, each with its places. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await untilStill(page)
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run()
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 140)).join(" | ")}`)
  })
}
