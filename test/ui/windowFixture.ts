import type { Browser, Page } from "playwright"
import { afterAll, afterEach, beforeAll } from "vitest"
import { launchBrowser, type OpenWindow, openWindow, type WindowOptions } from "./browser.ts"
import { buildRenderer } from "./buildRenderer.ts"
import { followHash } from "./followHash.ts"

/** A freshly built window for each test of a file, closed after it. */
export interface WindowFixture {
  /** Opens the window; one at a time, the one before is closed. */
  open(options: WindowOptions): Promise<Page>
  /** The window of this test. */
  readonly opened: OpenWindow
}

export function windowFixture(): WindowFixture {
  let browser: Browser | null = null
  let current: OpenWindow | null = null
  const close = async () => {
    await current?.close()
    current = null
  }
  beforeAll(async () => {
    await buildRenderer()
    browser = await launchBrowser()
  })
  afterEach(close)
  afterAll(() => browser?.close())
  return {
    async open(options) {
      await close()
      if (!browser) throw new Error("The browser is not running.")
      current = await openWindow(browser, options)
      return current.page
    },
    get opened() {
      if (!current) throw new Error("No window is open.")
      return current
    },
  }
}

/** Types a question and sends it. */
export async function ask(page: Page, text: string): Promise<void> {
  await page.locator("#composer").fill(text)
  await page.keyboard.press("Enter")
}

/** Goes to another page of the same window. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await followHash(page, hash)
  await page.waitForLoadState("networkidle")
}
