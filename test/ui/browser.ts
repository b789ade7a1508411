import { existsSync } from "node:fs"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright"
import { type MockCore, type MockCoreOptions, startMockCore } from "./mockCore.ts"

const installed = [
  process.env.ZENGLOW_TEST_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
]

/** An installed Chromium, Chrome or Edge; undefined: the one that Playwright downloaded. */
export const browserPath = installed.find((path) => path !== undefined && existsSync(path))

/** An installed Chromium, Chrome or Edge, else the one Playwright downloaded. Its microphone plays a test tone. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(browserPath ? { executablePath: browserPath } : {}),
    args: [
      "--no-sandbox",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
      "--font-render-hinting=none",
    ],
  })
}

export interface OpenWindow {
  core: MockCore
  context: BrowserContext
  page: Page
  /** Errors and warnings of the console, and uncaught errors. */
  problems: string[]
  /** Requests that left for another origin. */
  foreign: string[]
  close(): Promise<void>
}

export interface WindowOptions extends MockCoreOptions {
  path?: string
  width?: number
  height?: number
  colorScheme?: "light" | "dark"
  reducedMotion?: "reduce" | "no-preference"
  /** Default: the microphone is allowed. */
  isMicrophoneDenied?: boolean
}

/** A window on its own stand-in core. */
export async function openWindow(browser: Browser, options: WindowOptions): Promise<OpenWindow> {
  const core = await startMockCore(options)
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.colorScheme ?? "light",
    reducedMotion: options.reducedMotion ?? "reduce",
    permissions: options.isMicrophoneDenied ? [] : ["microphone", "clipboard-read", "clipboard-write"],
  })
  const page = await context.newPage()
  const problems: string[] = []
  const foreign: string[] = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text())
  })
  page.on("pageerror", (error) => problems.push(String(error)))
  page.on("request", (request) => {
    const url = request.url()
    if (!url.startsWith(core.origin) && !url.startsWith("data:") && !url.startsWith("blob:")) foreign.push(url)
  })
  await page.goto(core.url)
  await page.locator("nav[aria-label=Main], .who").waitFor()
  if (options.path) {
    await page.evaluate((hash) => {
      window.location.hash = hash
    }, options.path)
  }
  return {
    core,
    context,
    page,
    problems,
    foreign,
    async close() {
      await context.close()
      await core.close()
    },
  }
}
