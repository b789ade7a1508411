import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Browser, chromium, type Page } from "playwright"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { writeWav } from "#audio/wavFile.ts"
import { createClient } from "#cli/client.ts"
import { loadConfig } from "#core/config.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { makeDocx, makePdf, wordParagraph } from "../fakes/documents.ts"
import { wordErrors } from "../models/wordErrors.ts"
import { browserPath } from "./browser.ts"
import { followHash } from "./followHash.ts"

/** A walk through the whole product: the real core, its default models, and the window in a real browser. */

const { modelsDir } = loadConfig({}, process.env)
const needed = [
  "qwen2.5-coder-1.5b-instruct-q4_k_m",
  "all-minilm-l6-v2",
  "silero-vad-v6",
  "moonshine-tiny-en",
  "hibari-heart",
]
const quickModel = "smollm2-135m-instruct-q4_1"
const absent = needed.filter((id) => !existsSync(join(modelsDir, id)))
if (absent.length > 0) process.stderr.write(`not run: the walk through the product, which lacks ${absent.join(", ")}\n`)

const shots = fileURLToPath(new URL("../../test-results/product", import.meta.url))
const spoken = "How often should the water filter be changed?"
const spokenFile = fileURLToPath(new URL("../fixtures/speech/water-filter.opus", import.meta.url))
const answerMs = 240_000
const { signal } = new AbortController()

describe.skipIf(absent.length > 0)("the window on the real core", () => {
  let cli: CommandLine
  let served: Awaited<ReturnType<CommandLine["serve"]>>
  let browser: Browser
  let page: Page
  let folder: string
  const problems: string[] = []
  /** Speech that came down the socket: s16le mono, 24 kHz. */
  const speech: Buffer[] = []

  const shot = (name: string) => page.screenshot({ path: join(shots, `${name}.png`) })
  const goTo = (hash: string) => followHash(page, hash)
  const ask = async (text: string) => {
    await page.locator("#composer").fill(text)
    await page.keyboard.press("Enter")
  }
  /** The answer below the last question, once it is whole. */
  const lastAnswer = async (): Promise<string> => {
    await page.locator(".prose.streaming").waitFor({ state: "detached", timeout: answerMs })
    await page.locator(".answer").last().locator(".timing-line").waitFor({ timeout: answerMs })
    return (await page.locator(".answer").last().textContent()) ?? ""
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "zenglow-walk-"))
    mkdirSync(shots, { recursive: true })
    const question = await decodeAudio(await readFile(spokenFile), { filename: "question.opus" }, signal)
    const samples = await resample(question.samples, question.sampleRate, 48_000)
    // The browser plays the file again and again: the pause keeps the second time out of the turn.
    const padded = new Float32Array(samples.length + 48_000 * 8)
    padded.set(samples, 48_000 * 0.4)
    writeFileSync(join(folder, "microphone.wav"), writeWav(padded, 48_000))

    cli = createCommandLine({ ZENGLOW_MODELS_DIR: modelsDir })
    served = await cli.serve()
    browser = await chromium.launch({
      ...(browserPath ? { executablePath: browserPath } : {}),
      args: [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${join(folder, "microphone.wav")}`,
        "--autoplay-policy=no-user-gesture-required",
        "--font-render-hinting=none",
      ],
    })
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce",
      permissions: ["microphone"],
    })
    page = await context.newPage()
    page.setDefaultTimeout(30_000)
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        problems.push(`${message.text()} ${message.location().url}`)
    })
    page.on("pageerror", (error) => problems.push(String(error)))
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (typeof payload !== "string") speech.push(payload.subarray(8))
      }),
    )
    const { ticket } = await createClient(served.baseUrl, served.key).api("POST /api/tickets", {}, signal)
    await page.goto(`${served.baseUrl}/#ticket=${ticket}`)
  })
  afterAll(async () => {
    await browser?.close()
    await cli?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it("starts on the first-run page, asks a sample question, and opens the cited passage", async () => {
    await page.getByRole("heading", { level: 1 }).waitFor()
    await page.locator(".welcome").waitFor()
    await shot("1-welcome")
    // The sample is being read: its job's stream ends with it.
    const client = createClient(served.baseUrl, served.key)
    const { items: jobs } = await client.api("GET /api/jobs", {}, signal)
    for (const { id } of jobs) {
      for await (const event of client.stream(`/api/jobs/${id}/events`, signal)) expect(event).toBeDefined()
    }
    await page.locator(".welcome-foot button").click()
    await page.locator("#composer").waitFor()
    await shot("2-chat-empty")
    await ask("How often should the filter be changed?")
    await page.locator(".answer").first().waitFor({ timeout: answerMs })
    expect(await lastAnswer()).toMatch(/4 weeks|four weeks/)
    await shot("3-answer")
    await page.locator(".citation").first().click()
    await page.locator(".source-text mark").first().waitFor()
    expect(
      await page
        .locator(".source-text mark")
        .allInnerTexts()
        .then((all) => all.join(" ")),
    ).toContain("4 weeks")
    await shot("4-citation")
  })

  it("takes files of every kind, each ready by itself, and answers from them", async () => {
    const files = {
      "garage.txt": "The code of the garage door is changed every March. The garage heater needs 12 litres of oil.",
      "bicycle.md": "# Bicycle\n\nThe tyres of the blue bicycle are pumped to 4.5 bar.\n",
      "piano.html": "<html><body><h1>Piano</h1><p>The piano was last tuned by Mrs Halloran.</p></body></html>",
      "roof.pdf": makePdf([
        [{ text: "The roof of the shed was sealed with bitumen in 2019.", x: 60, y: 700, size: 12 }],
      ]),
      "bees.docx": makeDocx(wordParagraph("The beehives are inspected on the first Sunday of each month.")),
      "empty.txt": "",
    }
    await goTo("#/documents")
    await page
      .locator("input[type=file]")
      .first()
      .setInputFiles(
        Object.entries(files).map(([name, content]) => ({
          name,
          mimeType: "application/octet-stream",
          buffer: Buffer.from(content),
        })),
      )
    for (const name of Object.keys(files)) {
      const row = page.locator("[role=row]").filter({ has: page.locator(`button[title="${name}"]`) })
      await row.locator(name === "empty.txt" ? ".steps.failed" : ".steps.ready").waitFor({ timeout: 60_000 })
    }
    await shot("5-documents")
    for (const [question, expected] of [
      ["To how many bar are the tyres of the blue bicycle pumped?", /4\.5/],
      ["Who tuned the piano?", /Halloran/],
      ["When was the roof of the shed sealed?", /2019/],
      ["When are the beehives inspected?", /first Sunday/],
    ] as const) {
      await goTo("#/chat")
      await ask(question)
      await page.locator(".question-text").filter({ hasText: question }).waitFor()
      await expect.poll(lastAnswer, { timeout: answerMs }).toMatch(expected)
    }
    await shot("6-own-documents")
  })

  it("hears a question while Space is held, speaks the answer, and stops at once on Escape", async () => {
    await goTo("#/chat")
    await page
      .getByRole("button", { name: /New chat/i })
      .first()
      .click()
    await page.locator(".chat-welcome").waitFor()
    await page.locator("body").click({ position: { x: 640, y: 300 } })
    speech.length = 0
    await page.keyboard.down("Space")
    await page.locator(".voice-caption").getByText("filter").waitFor({ timeout: 60_000 })
    await shot("7-listening")
    await page.locator(".voice-caption").getByText("changed").waitFor({ timeout: 60_000 })
    await page.keyboard.up("Space")
    await page.getByText("Speaking", { exact: true }).waitFor({ timeout: answerMs })
    await shot("8-speaking")
    const question = await page.locator(".question-text").last().textContent()
    expect(wordErrors(spoken, question ?? "").errors, question ?? "").toBeLessThanOrEqual(1)
    const written = await lastAnswer()
    await page.locator(".voice-band").waitFor({ state: "detached", timeout: 60_000 })
    const pcm = Buffer.concat(speech)
    const samples = Float32Array.from({ length: pcm.length / 2 }, (_, index) => pcm.readInt16LE(index * 2) / 32768)
    const heard = await createClient(served.baseUrl, served.key).api(
      "POST /audio/transcribe",
      { fields: {}, files: [new File([writeWav(samples, 24_000)], "answer.wav")] },
      signal,
    )
    expect(heard.transcript).toMatch(/weeks/)
    expect(written).toMatch(/weeks/)

    await page.locator("#composer").fill("")
    await page.locator("body").click({ position: { x: 640, y: 300 } })
    const before = speech.length
    await page.keyboard.down("Space")
    await page.locator(".voice-caption").getByText("changed").waitFor({ timeout: 60_000 })
    await page.keyboard.up("Space")
    await expect.poll(() => speech.length, { timeout: answerMs }).toBeGreaterThan(before)
    await page.keyboard.press("Escape")
    await page.locator(".voice-band").waitFor({ state: "detached" })
    await page.locator("#composer").waitFor()
    await shot("9-stopped")
  })

  it("holds a conversation without a press: two questions answered, and a third that stops an answer", async () => {
    // Who talks and when is the question here, not how well it is answered: the small model is quicker.
    const answeredBy = (chatModel: string | null) =>
      createClient(served.baseUrl, served.key).api("PATCH /api/settings", { body: { chatModel } }, signal)
    if (existsSync(join(modelsDir, quickModel))) await answeredBy(quickModel)
    await goTo("#/chat")
    await page
      .getByRole("button", { name: /New chat/i })
      .first()
      .click()
    await page.locator(".chat-welcome").waitFor()
    // A microphone that is quiet until the test speaks into it: an answer takes as long as this machine needs.
    await page.evaluate(() => {
      const room = new AudioContext()
      const microphone = room.createMediaStreamDestination()
      navigator.mediaDevices.getUserMedia = async () => microphone.stream.clone()
      const say = async (encoded: string) => {
        const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))
        const source = room.createBufferSource()
        source.buffer = await room.decodeAudioData(bytes.buffer)
        source.connect(microphone)
        source.start()
      }
      Object.assign(window, { say })
    })
    const say = async (file: string) => {
      const recorded = await readFile(fileURLToPath(new URL(`../fixtures/speech/${file}`, import.meta.url)))
      const { samples, sampleRate } = await decodeAudio(recorded, { filename: file }, signal)
      const encoded = Buffer.from(writeWav(samples, sampleRate)).toString("base64")
      await page.evaluate((wav) => (window as unknown as { say(wav: string): Promise<void> }).say(wav), encoded)
    }
    const state = (name: string, timeout = answerMs) =>
      page.locator(".voice-band [role=status]").getByText(name).waitFor({ timeout })
    const questions = page.locator(".question-text")

    await page.getByRole("button", { name: "Hands-free conversation" }).click()
    await state("Ready")
    for (const [turn, file] of ["water-filter.opus", "main-valve.opus"].entries()) {
      await say(file)
      await state("Listening", 30_000)
      await state("Speaking")
      await shot(`10-hands-free-${turn + 1}`)
      await state("Ready")
      expect(await questions.count()).toBe(turn + 1)
    }
    expect(wordErrors(spoken, (await questions.first().textContent()) ?? "").errors).toBeLessThanOrEqual(1)
    expect(await page.locator(".answer").first().textContent()).toMatch(/weeks/)
    expect(await questions.last().textContent()).toMatch(/valve/)

    await say("water-filter.opus")
    await state("Speaking")
    await say("oven-clean.opus")
    await state("Listening", 30_000)
    await questions.filter({ hasText: /oven/ }).waitFor({ timeout: 60_000 })
    await page.keyboard.press("Escape")
    await page.locator(".voice-band").waitFor({ state: "detached" })
    await page.locator("#composer").waitFor()
    await answeredBy(null)
  })

  it("goes on with an answer after the page is loaded again", async () => {
    await goTo("#/chat")
    await page.locator("#composer").fill("Write a JavaScript class for a queue, with comments.")
    await page.keyboard.press("Enter")
    await page.locator(".prose.streaming").waitFor({ timeout: answerMs })
    const answers = await page.locator(".question-text").count()
    await page.reload()
    await page
      .locator(".answer")
      .nth(answers - 1)
      .waitFor()
    await shot("12-reloaded")
    const written = async () => ((await page.locator(".answer").last().textContent()) ?? "").length
    const before = await written()
    await expect.poll(written, { timeout: answerMs }).toBeGreaterThan(before + 20)
    await page.getByRole("button", { name: "Stop" }).first().click()
    await lastAnswer()
    await shot("13-stopped")
  })

  it("leaves no error in the console", () => {
    expect(problems).toEqual([])
  })
})
