import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright"
import { type Client, createClient } from "#cli/client.ts"
import { launchBrowser } from "./browser.ts"
import { untilStill } from "./untilStill.ts"

/** The window of a core that serves, in a real browser. */
export interface ServedWindow {
  browser: Browser
  page: Page
  client: Client
  /** What went wrong in the page so far. */
  problems: string[]
}

/** Opens the window as the product does, with a ticket, once every job of the start is done. */
export async function openServed(served: { baseUrl: string; key: string }): Promise<ServedWindow> {
  const client = createClient(served.baseUrl, served.key)
  const { signal } = new AbortController()
  const { items: jobs } = await client.api("GET /api/jobs", {}, signal)
  for (const { id } of jobs) for await (const _event of client.stream(`/api/jobs/${id}/events`, signal));
  const browser = await launchBrowser()
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const problems: string[] = []
  page.on("pageerror", (error) => problems.push(String(error)))
  const { ticket } = await client.api("POST /api/tickets", {}, signal)
  await page.goto(`${served.baseUrl}/#ticket=${ticket}`)
  await page.getByRole("heading", { level: 1 }).waitFor()
  return { browser, page, client, problems }
}

/** Takes pictures for people to look at, in both sizes, light and dark; the window is then wide and light again. */
export function picturesOf(page: Page, folder: string): (name: string) => Promise<void> {
  mkdirSync(folder, { recursive: true })
  const look = async (colorScheme: "light" | "dark", width: number, height: number): Promise<void> => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    await page.setViewportSize({ width, height })
    await untilStill(page)
  }
  return async (name) => {
    for (const scheme of ["light", "dark"] as const)
      for (const [width, height] of [
        [1280, 800],
        [390, 844],
      ] as const) {
        await look(scheme, width, height)
        await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`) })
      }
    await look("light", 1280, 800)
  }
}
