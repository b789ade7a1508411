import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright"
import { bootCore, type Core } from "#app/bootCore.ts"
import { loadConfig } from "#core/config.ts"
import { launchBrowser } from "./browser.ts"

/**
 * Takes the README's pictures: a new core on the sample collection, one question, the answer of the installed models.
 * Run `node test/ui/readmeShot.ts` after `npm run build`; the models are those of the default models directory, or of
 * `ZENGLOW_MODELS_DIR`.
 */
const images = fileURLToPath(new URL("../../docs/images", import.meta.url))
const question = "How often should the filter be changed?"
const answerTimeoutMs = 300_000

const dataDir = await mkdtemp(join(tmpdir(), "zenglow-shot-"))
const ownModels = process.env.ZENGLOW_MODELS_DIR ?? loadConfig({}, process.env).modelsDir
const core = await bootCore(
  loadConfig({ dataDir, modelsDir: ownModels, port: 0, offline: true, logLevel: "error" }, process.env),
)
const browser = await launchBrowser()
try {
  await makeReady(core)
  await takePictures(browser, core)
} finally {
  await browser.close()
  await core.close()
  await rm(dataDir, { recursive: true, force: true })
}

async function makeReady({ baseUrl, apiKey }: Core): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(baseUrl + path, { ...init, headers })
    if (!response.ok) throw new Error(`${path} answered ${response.status}.`)
    return response
  }
  await call("/api/settings", { method: "PATCH", body: JSON.stringify({ firstRunDone: true }) })
  // The pictured time is that of an answer, not of loading a model.
  const { items: models } = (await (await call("/api/models")).json()) as {
    items: { id: string; role: string; status: string; isRecommended: boolean; sizeBytes: number }[]
  }
  const chat = models
    .filter(({ role, status, isRecommended }) => role === "llm" && status === "installed" && isRecommended)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)[0]
  if (chat) await call(`/api/models/${chat.id}/load`, { method: "POST" })
  // The sample is read in a job; its event stream ends with it.
  const { items } = (await (await call("/api/jobs")).json()) as { items: { id: string }[] }
  for (const { id } of items) await (await call(`/api/jobs/${id}/events`)).text()
}

async function takePictures(browser: Browser, { baseUrl, mintTicket }: Core): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 }, reducedMotion: "reduce" })
  await page.goto(`${baseUrl}/#ticket=${mintTicket()}`)
  await page.goto(`${baseUrl}/#/chat`)
  await page.locator("#composer").fill(question)
  await page.keyboard.press("Enter")
  await page.locator(".timing-line").waitFor({ timeout: answerTimeoutMs })
  // The mark over the sentence loads its passage into the side panel.
  await page.locator(".citation").first().click({ timeout: answerTimeoutMs })
  await page.locator(".source-text mark").first().waitFor({ timeout: answerTimeoutMs })
  // Away from the mark, so that its own card closes.
  await page.locator("#composer").click()
  await page.locator(".hover-card").waitFor({ state: "detached" })
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: join(images, colorScheme === "light" ? "chat.png" : "chat-dark.png") })
  }
}
