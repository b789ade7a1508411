import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { writeWav } from "#audio/wavFile.ts"
import { createClient } from "#cli/client.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { noticePng } from "../fakes/pictures.ts"
import { modelsDir } from "../models/modelFiles.ts"
import { launchBrowser } from "./browser.ts"
import { followHash } from "./followHash.ts"

/** Citations of what has no text of its own, in the window of the real core: a picture, and a recording that plays from what was cited. */

const needed = ["silero-vad-v6", "moonshine-tiny-en", "tesseract-eng"]
const absent = needed.filter((id) => !existsSync(join(modelsDir, id)))
if (absent.length > 0)
  process.stderr.write(`not run: citations of pictures and recordings, without ${absent.join(", ")}\n`)

const shots = fileURLToPath(new URL("../../test-results/citations", import.meta.url))
const { signal } = new AbortController()
const sampleRate = 16_000
const pauseMs = 2000
const spoken = ["descale-kettle", "vacuum-bag", "smoke-alarm", "main-valve", "red-light", "oven-clean"].map(
  (name) => `speech/${name}.opus`,
)
const cited = "audio/LJ001-0030.opus"

/** Questions about a household, and last a sentence about printing. */
async function recording(): Promise<{ wav: Uint8Array; citedAtSeconds: number }> {
  const clips: Float32Array[] = []
  for (const name of [...spoken, cited]) {
    const bytes = readFileSync(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)))
    const clip = await decodeAudio(bytes, { filename: name }, signal)
    clips.push(await resample(clip.samples, clip.sampleRate, sampleRate))
  }
  const pause = (pauseMs / 1000) * sampleRate
  const samples = new Float32Array(clips.reduce((sum, clip) => sum + clip.length + pause, 0))
  let at = 0
  let citedAt = 0
  for (const clip of clips) {
    citedAt = at
    samples.set(clip, at)
    at += clip.length + pause
  }
  return { wav: writeWav(samples, sampleRate), citedAtSeconds: citedAt / sampleRate }
}

describe.skipIf(absent.length > 0)("a citation", () => {
  let cli: CommandLine
  let browser: Browser
  let page: Page
  let models: string
  let citedAtSeconds: number

  const goTo = (hash: string) => followHash(page, hash)
  const openCitation = async (question: string): Promise<void> => {
    await goTo("#/chat")
    await page
      .getByRole("button", { name: /New chat/i })
      .first()
      .click()
    await page.locator("#composer").fill(question)
    await page.keyboard.press("Enter")
    await page.locator(".answer .timing-line").waitFor({ timeout: 60_000 })
    await page.locator(".answer .citation").first().click()
    await page.locator(".source-text mark").first().waitFor()
  }
  const marked = async (): Promise<string> => (await page.locator(".source-text mark").allInnerTexts()).join(" ")

  beforeAll(async () => {
    models = mkdtempSync(join(tmpdir(), "zenglow-models-"))
    mkdirSync(shots, { recursive: true })
    // Neither an embedder nor a chat model: answers are quotations, found by words.
    for (const id of needed) symlinkSync(join(modelsDir, id), join(models, id), "junction")
    cli = createCommandLine({ ZENGLOW_MODELS_DIR: models })
    const served = await cli.serve()
    const client = createClient(served.baseUrl, served.key)
    await client.api("PATCH /api/settings", { body: { passageTokens: 64 } })
    browser = await launchBrowser()
    page = await (
      await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" })
    ).newPage()
    page.setDefaultTimeout(30_000)
    const { ticket } = await client.api("POST /api/tickets", {})
    await page.goto(`${served.baseUrl}/#ticket=${ticket}`)
    await page.getByRole("heading", { level: 1 }).waitFor()
    const { wav, citedAtSeconds: at } = await recording()
    citedAtSeconds = at
    await goTo("#/documents")
    await page
      .locator("input[type=file]")
      .first()
      .setInputFiles([
        { name: "notice.png", mimeType: "image/png", buffer: Buffer.from(noticePng) },
        { name: "dictated.wav", mimeType: "audio/wav", buffer: Buffer.from(wav) },
      ])
    for (const name of ["notice.png", "dictated.wav"]) {
      const row = page.locator("[role=row]").filter({ has: page.locator(`button[title="${name}"]`) })
      await row.locator(".steps.ready").waitFor({ timeout: 90_000 })
    }
  })
  afterAll(async () => {
    await browser?.close()
    await cli?.close()
    rmSync(models, { recursive: true, force: true })
  })

  it("of a picture opens the picture, and marks what was read in it", async () => {
    await openCitation("When is invoice 4711 due?")
    expect(await marked()).toContain("Invoice 4711 is due on 3 March.")
    const picture = page.locator("img.source-picture")
    await picture.waitFor()
    expect(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(680)
    await page.screenshot({ path: join(shots, "picture.png") })
  })

  it("of a recording stands at its time, and each line plays from where it is spoken", async () => {
    await openCitation("In which countries was the birth of the Roman character?")
    expect(await marked()).toMatch(/Germany and France/)
    const player = page.locator("audio.source-sound")
    const seconds = () => player.evaluate((audio: HTMLAudioElement) => audio.currentTime)
    // Not from the beginning: from the passage, which is not the first.
    await expect.poll(seconds).toBeGreaterThan(5)
    expect(await seconds()).toBeLessThanOrEqual(citedAtSeconds + 1)
    await page.screenshot({ path: join(shots, "recording.png") })

    await page.locator(".source-text p").filter({ hasText: "Germany and France" }).getByRole("button").click()
    await expect.poll(seconds).toBeGreaterThan(citedAtSeconds - 0.5)
    expect(await seconds()).toBeLessThan(citedAtSeconds + 10)
    expect(await player.evaluate((audio: HTMLAudioElement) => audio.paused || audio.error !== null)).toBe(false)
  })
})
