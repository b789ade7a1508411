import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright"
import { launchBrowser, openWindow } from "./browser.ts"
import { buildRenderer } from "./buildRenderer.ts"
import type { SeedState } from "./seed.ts"

const target = fileURLToPath(new URL("../../test-results/shots", import.meta.url))
const sizes = [
  { name: "1280", width: 1280, height: 800 },
  { name: "390", width: 390, height: 844 },
]
const states: readonly SeedState[] = ["empty", "working", "full", "error"]

interface Shot {
  name: string
  path: string
  prepare?: (page: Page, state: SeedState) => Promise<void>
  states?: readonly SeedState[]
}

const ask = async (page: Page, text: string): Promise<void> => {
  await page.locator("#composer").fill(text)
  await page.keyboard.press("Enter")
}

const shots: readonly Shot[] = [
  {
    name: "chat",
    path: "#/chat",
    prepare: async (page, state) => {
      if (state === "full") {
        await page.evaluate(() => {
          window.location.hash = "#/chat/conversation-1"
        })
        await page.locator(".answer").first().waitFor()
      }
      if (state === "working") {
        await ask(page, "How often should the filter be changed?")
        await page.locator(".prose.streaming").waitFor()
      }
      if (state === "error") {
        await ask(page, "Let this fail")
        await page.locator(".notice.danger").waitFor()
      }
    },
  },
  {
    name: "source",
    path: "#/chat/conversation-2",
    states: ["full"],
    prepare: async (page) => {
      await page.locator(".citation").first().click()
      await page.locator(".source-text mark").waitFor()
    },
  },
  {
    name: "why",
    path: "#/chat/conversation-2",
    states: ["full"],
    prepare: async (page) => {
      await page.locator(".citation").first().click()
      await page.locator(".source-text mark").first().waitFor()
      await page.getByRole("button", { name: "Why here?" }).press("Enter")
      await page.locator(".popover.why h3").waitFor()
    },
  },
  {
    name: "learned",
    path: "#/settings/learned",
    states: ["empty", "full"],
    prepare: async (page) => {
      await page.locator('[data-setting="learned"]').scrollIntoViewIfNeeded()
    },
  },
  {
    name: "voices",
    path: "#/settings/voices",
    states: ["empty", "full"],
    prepare: async (page) => {
      await page.locator('[data-setting="voices"]').scrollIntoViewIfNeeded()
    },
  },
  {
    name: "voices-teach",
    path: "#/settings/voices",
    states: ["full"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Teach a voice" }).click()
      await page.getByRole("button", { name: "Record sentence 1" }).click()
      await page.getByText(/^[2-9]\.\d s$/).waitFor()
    },
  },
  {
    name: "cloned-voices",
    path: "#/settings/clonedVoices",
    states: ["empty", "full"],
    prepare: async (page, state) => {
      await page.locator('[data-setting="clonedVoices"]').scrollIntoViewIfNeeded()
      if (state === "full") await page.getByRole("button", { name: "I accept, for private use" }).click()
    },
  },
  {
    name: "cloned-voices-clone",
    path: "#/settings/clonedVoices",
    states: ["full"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "I accept, for private use" }).click()
      await page.getByRole("button", { name: "Clone a voice" }).click()
    },
  },
  {
    name: "hands-free",
    path: "#/chat",
    states: ["full"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Hands-free conversation" }).click()
      await page.getByText("Ready").waitFor()
    },
  },
  {
    name: "evaluation",
    path: "#/evaluation",
    states: ["empty", "full"],
    prepare: async (page, state) => {
      if (state === "full") await page.locator(".evaluation-run summary").first().click()
    },
  },
  {
    name: "turn",
    path: "#/chat/conversation-2",
    states: ["full"],
    prepare: async (page) => {
      await page.locator(".timing-line").first().click()
      await page.locator(".waterfall").waitFor()
    },
  },
  {
    name: "carousel",
    path: "#/chat",
    states: ["full"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Models", exact: true }).click()
      await page.locator(".carousel").waitFor()
    },
  },
  {
    name: "voice",
    path: "#/chat",
    states: ["full"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Talk" }).click()
      await page.locator(".voice-caption").getByText("filter").waitFor()
    },
  },
  { name: "documents", path: "#/documents", prepare: async (page) => page.waitForTimeout(300) },
  {
    name: "inspector",
    path: "#/documents",
    states: ["error", "full"],
    prepare: async (page) => {
      await page.locator(".document-name button").nth(1).click()
      await page.locator(".facts").waitFor()
    },
  },
  {
    name: "activity",
    path: "#/activity",
    prepare: async (page) => page.locator(".timeline-row, .empty").first().waitFor(),
  },
  {
    name: "activity-log",
    path: "#/activity/logs",
    states: ["empty", "full"],
    prepare: async (page, state) => {
      if (state === "full") await page.locator(".log-line").first().waitFor()
    },
  },
  {
    name: "activity-audit",
    path: "#/activity/audit",
    states: ["full", "error"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Check the chain" }).click()
      await page.locator(".success-text, .notice").first().waitFor()
    },
  },
  {
    name: "settings-backups",
    path: "#/settings/backups",
    prepare: async (page) => {
      await page.locator(".backups-head").waitFor()
      await page.locator(".backups").scrollIntoViewIfNeeded()
    },
  },
  { name: "activity-egress", path: "#/activity/egress", states: ["full", "error"] },
  {
    name: "activity-check",
    path: "#/activity/check",
    states: ["full", "error"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Check now" }).click()
      await page.locator("details").first().waitFor()
      await page.getByRole("button", { name: "Look inside" }).click()
      await page.getByText("log.jsonl").waitFor()
    },
  },
  {
    name: "memory",
    path: "#/memory",
    states: ["full", "empty"],
    prepare: async (page) => page.locator(".memory, .empty").first().waitFor(),
  },
  {
    name: "memory-note",
    path: "#/chat",
    states: ["full"],
    prepare: async (page) => {
      await ask(page, "I live in Lisbon. How often should the filter be changed?")
      await page.locator(".memory-note").waitFor()
    },
  },
  {
    name: "why",
    path: "#/documents",
    states: ["full"],
    prepare: async (page) => {
      await page.getByRole("button", { name: "Boiler handbook", exact: true }).click()
      await page.getByRole("textbox", { name: "Question" }).fill("How often must the filter be changed?")
      await page.getByRole("button", { name: "Look into it" }).click()
      await page.locator(".why-steps").scrollIntoViewIfNeeded()
    },
  },
  {
    name: "artifacts",
    path: "#/settings/artifacts",
    states: ["full"],
    prepare: async (page) => {
      await page.locator(".artifact").nth(1).locator("summary").click()
      await page.locator(".artifacts").scrollIntoViewIfNeeded()
    },
  },
  { name: "models", path: "#/models", prepare: async (page) => page.locator(".model-row").first().waitFor() },
  {
    name: "metrics",
    path: "#/metrics",
    prepare: async (page) => {
      await page.locator(".uplot").first().waitFor()
      await page.waitForTimeout(300)
    },
  },
  { name: "settings", path: "#/settings", prepare: async (page) => page.locator(".setting").first().waitFor() },
  { name: "welcome", path: "#/welcome", prepare: async (page) => page.locator(".bundle").waitFor() },
  {
    name: "palette",
    path: "#/chat",
    states: ["full"],
    prepare: async (page) => {
      await page.keyboard.press("Control+k")
      await page.locator(".palette [cmdk-item]").first().waitFor()
    },
  },
  {
    name: "shortcuts",
    path: "#/documents",
    states: ["full"],
    prepare: async (page) => {
      await page.keyboard.press("?")
      await page.locator(".shortcut-sheet").waitFor()
    },
  },
]

/** Every page × size × theme × state, from seeded data, into `test-results/shots`. */
export async function takeShots(browser: Browser, only: string | null): Promise<number> {
  await mkdir(target, { recursive: true })
  let count = 0
  for (const shot of shots) {
    if (only && !shot.name.startsWith(only)) continue
    for (const state of shot.states ?? states) {
      for (const size of sizes) {
        for (const colorScheme of ["light", "dark"] as const) {
          const opened = await openWindow(browser, { state, paceMs: 25, path: shot.path, colorScheme, ...size })
          try {
            await shot.prepare?.(opened.page, state)
            await opened.page.waitForTimeout(250)
            const name = `${shot.name}-${state}-${size.name}-${colorScheme}.png`
            await opened.page.screenshot({ path: join(target, name) })
            count++
          } finally {
            await opened.close()
          }
        }
      }
    }
  }
  return count
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildRenderer()
  const browser = await launchBrowser()
  try {
    const count = await takeShots(browser, process.argv[2] ?? null)
    process.stdout.write(`${count} screenshots in ${target}\n`)
  } finally {
    await browser.close()
  }
}
