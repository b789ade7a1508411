import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import type { ServerResponse } from "node:http"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadConfig } from "#core/config.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { json, type ModelServer, startModelServer } from "../fakes/modelServer.ts"
import { followHash } from "./followHash.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { openServed, picturesOf } from "./servedWindow.ts"

/**
 * A server of another address answers a chat: the real core with the smallest models, the window in a real browser, and a real HTTP server
 * that speaks OpenAI's protocol on this machine's address in its network, which counts as another computer.
 */

const { modelsDir } = loadConfig({}, process.env)
const models = ["smollm2-135m-instruct-q4_1", "all-minilm-l6-v2"]
const absent = models.filter((id) => !existsSync(join(modelsDir, id)))
const address = Object.values(networkInterfaces())
  .flat()
  .find((one) => one && !one.internal && one.family === "IPv4")?.address
const missing = [...absent, ...(address ? [] : ["an address in a network"])]
if (missing.length > 0) process.stderr.write(`not run: servers in the window, which lacks ${missing.join(", ")}\n`)

const shots = fileURLToPath(new URL("../../test-results/servers", import.meta.url))
const aboutDocuments = "How often should the filter be changed?"
const answerMs = 120_000

describe.skipIf(missing.length > 0)("another server's models in the window", () => {
  let cli: CommandLine
  let server: ModelServer
  let browser: Browser
  let shot: (name: string) => Promise<void>
  let page: Page
  let folder: string
  let diesAfterTheFirstWords = false
  let problems: string[]

  const chunk = (content: string, finish: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
  const write = (response: ServerResponse, text: string): void => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    if (diesAfterTheFirstWords) {
      response.write(chunk("The first words "), () => response.socket?.destroy())
      return
    }
    response.end(`${chunk(text)}${chunk("", "stop")}data: [DONE]\n\n`)
  }
  const ask = async (text: string): Promise<void> => {
    const before = await page.locator(".answer .timing-line").count()
    await page.locator("#composer").fill(text)
    await page.keyboard.press("Enter")
    await expect
      .poll(
        async () =>
          (await page.locator(".answer .timing-line").count()) + (await page.locator(".answer .notice").count()),
        { timeout: answerMs },
      )
      .toBeGreaterThan(before)
    await page.locator(".prose.streaming").waitFor({ state: "detached", timeout: answerMs })
  }
  const lastAnswer = () => page.locator(".answer").last()
  const card = (model: string) => page.locator(".model-card", { hasText: model })
  const openCarousel = async (): Promise<void> => {
    if ((await page.locator(".carousel").count()) === 0) await page.keyboard.press("Control+m")
    await page.locator(".carousel").waitFor()
  }
  const chatsAsked = () => server.asked.filter(({ path }) => path.endsWith("/chat/completions"))

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "zenglow-servers-"))
    for (const id of models) symlinkSync(join(modelsDir, id), join(folder, id), "junction")
    server = await startModelServer((request, response, body) => {
      if (request.url === "/v1/models")
        return json(response, { data: [{ id: "wise-8b" }, { id: "wiser-70b", max_model_len: 32_768 }] })
      const messages = JSON.stringify(body.messages)
      write(response, /4 weeks|four weeks/i.test(messages) ? "Every 4 weeks." : `Good day from ${String(body.model)}.`)
    }, address)
    cli = createCommandLine({ ZENGLOW_MODELS_DIR: folder, ZENGLOW_OFFLINE: "0" })
    ;({ browser, page, problems } = await openServed(await cli.serve()))
    shot = picturesOf(page, shots)
  })
  afterAll(async () => {
    await browser?.close()
    await cli?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it("is added, says that questions leave this computer, and lists its models", async () => {
    await followHash(page, "#/models")
    const section = page.getByRole("region", { name: "Other servers" })
    await section.getByRole("button", { name: "Add a server" }).click()
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("Name (small letters)").fill("study")
    await dialog.getByLabel("Address").fill(server.baseUrl)
    await dialog.getByLabel("It is in my own network").check()
    await dialog.getByRole("button", { name: "Add and try" }).click()
    await dialog.waitFor({ state: "detached" })
    await section.getByText("Works").waitFor()
    await section.getByText(/Questions leave this computer/).waitFor()
    expect(await section.getByLabel("Model of study").locator("option").allTextContents()).toContain("wiser-70b")
    await section.scrollIntoViewIfNeeded()
    await shot("1-models")
  })

  it("answers a chat only after the person agreed, is marked before and after, and is remembered", async () => {
    await followHash(page, "#/chat")
    await openCarousel()
    await card("wise-8b").getByText("Leaves this computer").waitFor()
    await card("wise-8b").click()
    const dialog = page.getByRole("dialog")
    await dialog.getByText(/leaves this computer, to/).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await shot("2-asked")
    await dialog.getByRole("button", { name: "Cancel" }).click()
    await dialog.waitFor({ state: "detached" })
    expect(await page.locator(".server-chip").count()).toBe(0)

    await card("wise-8b").click()
    await dialog.getByRole("button", { name: "Send it there" }).click()
    await page.locator(".server-chip", { hasText: "Leaves this computer: wise-8b, study" }).waitFor()
    await ask("Hi there!")
    await lastAnswer().getByText("Good day from wise-8b.").waitFor()
    await lastAnswer()
      .getByText(`Left this computer: ${new URL(server.baseUrl).host}`)
      .waitFor()
    await lastAnswer().getByText("Why this model?").click()
    await lastAnswer().getByText("chosen by you").waitFor()
    await lastAnswer().getByText("Could also have answered").waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await shot("3-answered")
    expect(chatsAsked().map(({ body }) => body.model)).toEqual(["wise-8b"])

    await page.reload()
    await page.locator(".server-chip", { hasText: "wise-8b, study" }).waitFor()
  })

  it("never sees documents of a collection that may not leave, and the answer says who wrote it instead", async () => {
    const before = chatsAsked().length
    await ask(aboutDocuments)
    expect(await lastAnswer().textContent()).toMatch(/4 weeks|four weeks/i)
    await lastAnswer().getByText("Answered on this computer: your documents stay here").waitFor()
    expect(chatsAsked()).toHaveLength(before)
  })

  it("sees them once the person allowed that collection, by the dialog", async () => {
    await openCarousel()
    await card("wiser-70b").click()
    const dialog = page.getByRole("dialog")
    await dialog.getByRole("checkbox").first().check()
    await dialog.getByText("Everything else stays here.").waitFor()
    await shot("4-collections")
    await dialog.getByRole("button", { name: "Send it there" }).click()
    await page.locator(".server-chip", { hasText: "wiser-70b, study" }).waitFor()
    await ask(aboutDocuments)
    await lastAnswer().getByText("Left this computer").waitFor()
    expect(JSON.stringify(chatsAsked().at(-1)?.body)).toMatch(/4 weeks|four weeks/i)
    await followHash(page, "#/documents")
    await page.locator(".collection-link", { hasText: "May leave" }).waitFor()
    await page.goBack()
    await page.locator(".server-chip", { hasText: "wiser-70b, study" }).waitFor()
  })

  it("that dies in the middle of an answer leaves what it wrote", async () => {
    diesAfterTheFirstWords = true
    await ask("Hello again!")
    await lastAnswer().getByText("The first words").waitFor()
    await lastAnswer().locator(".notice").waitFor()
    await shot("5-died")
    diesAfterTheFirstWords = false
  })

  it("that is gone is followed by this computer, and both the answer and the chat say so", async () => {
    await server.close()
    await page.locator("#composer").fill("Hi there!")
    await page.keyboard.press("Enter")
    await lastAnswer()
      .getByText(/study.wiser-70b did not answer/)
      .waitFor({ timeout: answerMs })
    await page.locator(".server-chip", { hasText: "does not answer: this computer does" }).waitFor()
    await openCarousel()
    await card("wiser-70b").getByText("Does not answer").waitFor()
    await shot("6-gone")
    expect(problems).toEqual([])
  })
})
