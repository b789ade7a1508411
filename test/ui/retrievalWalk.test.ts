import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Client } from "#cli/client.ts"
import { loadConfig } from "#core/config.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { followHash } from "./followHash.ts"
import { recordSources } from "./recordSources.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { openServed, picturesOf } from "./servedWindow.ts"

/** How well documents are found, why one was not, and what was built: the real core with the real embedder, in a real browser. */

const { modelsDir } = loadConfig({}, process.env)
const embedder = "all-minilm-l6-v2"
const isMissing = !existsSync(join(modelsDir, embedder))
if (isMissing) process.stderr.write("not run: retrieval in the window, which lacks the embedder\n")

const shots = fileURLToPath(new URL("../../test-results/retrieval", import.meta.url))
const { signal } = new AbortController()

describe.skipIf(isMissing)("retrieval in the window", () => {
  let cli: CommandLine
  let client: Client
  let browser: Browser
  let shot: (name: string) => Promise<void>
  let page: Page
  let folder: string
  let problems: string[]

  const goTo = (hash: string) => followHash(page, hash)
  const pins = () => page.getByRole("region", { name: "Pinned questions", exact: true })
  const pin = async (question: string, document: string): Promise<void> => {
    await pins().getByLabel("Question").fill(question)
    await pins().getByLabel("Document it must find").fill(document)
    await pins().getByRole("button", { name: "Pin", exact: true }).click()
    await pins().getByText(question).waitFor()
  }
  const runs = () => page.locator(".evaluation-run")

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "zenglow-retrieval-"))
    mkdirSync(join(folder, "models"))
    symlinkSync(join(modelsDir, embedder), join(folder, "models", embedder), "junction")
    cli = createCommandLine({ ZENGLOW_MODELS_DIR: join(folder, "models") })
    ;({ browser, page, client, problems } = await openServed(await cli.serve()))
    shot = picturesOf(page, shots)
  })
  afterAll(async () => {
    await browser?.close()
    await cli?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it("measures pinned questions, and says what changed since the run before", async () => {
    await goTo("#/evaluation")
    await page.getByText("No run yet. Pin a question and measure.").waitFor()
    await shot("1-empty")
    await pin("How often should the filter be changed?", "water-filter-jug.md")
    const measure = pins().getByRole("button", { name: "Measure pinned questions" })
    await measure.click()
    await expect.poll(() => runs().count(), { timeout: 60_000 }).toBe(1)
    await runs().first().locator("summary").click()
    await runs().first().getByRole("rowheader", { name: "Words (BM25)", exact: true }).waitFor()
    await runs().first().getByText(`1 question · ${embedder}`).waitFor()
    // The right document stands first, found by words and by meaning.
    const cells = runs()
      .first()
      .getByRole("row", { name: /^With context/ })
      .getByRole("cell")
    expect((await cells.allTextContents()).slice(0, 3)).toEqual(["1.000", "1.000", "1.000"])
    await measure.click()
    await expect.poll(() => runs().count(), { timeout: 60_000 }).toBe(2)
    await page.getByRole("img", { name: "nDCG@10 of the runs of Pinned questions" }).waitFor()
    await runs().first().locator("summary").click()
    await runs().first().getByText("Against the run before").waitFor()
    await runs()
      .first()
      .getByText(/With context: \+0\.000 .* 0 · 1 · 0/)
      .waitFor()
    expect(await seriousFindings(page)).toEqual([])
    const canvas = page.locator(".evaluation-plot canvas")
    const drawn = () => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL())
    const light = await drawn()
    await page.emulateMedia({ colorScheme: "dark" })
    await expect.poll(drawn).not.toBe(light)
    await shot("2-runs")
  })

  it("measures a file of questions, names those found worst, and stops a long one when asked", async () => {
    const few = join(folder, "few.yaml")
    writeFileSync(
      few,
      [
        "- question: How often should the filter be changed?",
        "  document: water-filter-jug.md",
        "- question: How long do the lentils cook?",
        "  document: lentil-soup.md",
        "- question: What is the notice period?",
        "  document: lentil-soup.md",
      ].join("\n"),
    )
    const dataset = page.getByRole("region", { name: "Measure a dataset", exact: true })
    const path = dataset.getByRole("textbox", { name: "Path on this machine" })
    await path.fill(few)
    await dataset.getByRole("button", { name: "Measure", exact: true }).click()
    const own = page.getByRole("region", { name: "Runs of few.yaml", exact: true })
    await own.locator("summary").click()
    await own.getByText("Questions found worst").waitFor()
    await own.getByText("What is the notice period?").waitFor()

    const { items } = await client.api("GET /api/documents", { query: { q: "lentil" } }, signal)
    await client.api("DELETE /api/documents/:id", { params: { id: items[0]?.id ?? "" } }, signal)
    await dataset.getByRole("button", { name: "Measure", exact: true }).click()
    await expect.poll(() => own.locator("summary").count(), { timeout: 60_000 }).toBe(2)
    await own.locator("summary").first().click()
    const lost = own.getByRole("region", { name: "Found worse than before", exact: true })
    await lost.getByText("1.00 → 0.00 How long do the lentils cook?").waitFor()
    expect(await lost.getByRole("listitem").count()).toBe(1)
    await shot("3-dataset")

    const many = join(folder, "many.yaml")
    writeFileSync(
      many,
      Array.from(
        { length: 2000 },
        (_, n) => `- question: What is said of thing ${n}?\n  document: lentil-soup.md`,
      ).join("\n"),
    )
    const before = await runs().count()
    await path.fill(many)
    await dataset.getByRole("button", { name: "Measure", exact: true }).click()
    const cancel = page.getByRole("button", { name: "Cancel", exact: true })
    await cancel.click()
    await cancel.waitFor({ state: "detached" })
    expect(await runs().count()).toBe(before)

    await path.fill(join(folder, "absent.yaml"))
    await dataset.getByRole("button", { name: "Measure", exact: true }).click()
    await page.getByText("There is no dataset at absent.yaml.").waitFor()
    await shot("4-absent")
    await page.getByRole("button", { name: "Dismiss", exact: true }).click()
  })

  it("says why a document was used or not, step by step", async () => {
    for (const [title, isUsed] of [
      ["Brookwell water filter jug: instructions", true],
      ["Emergency sheet for the household", false],
    ] as const) {
      await goTo("#/documents")
      await page.getByRole("button", { name: title, exact: true }).click()
      const why = page.locator(".why")
      await why.getByRole("textbox", { name: "Question" }).fill("How often should the filter be changed?")
      await page.keyboard.press("Enter")
      await why.locator(".why-steps li").first().waitFor()
      expect(await why.locator(".why-steps li").count()).toBe(9)
      expect(await why.locator(".why-summary.used").count()).toBe(isUsed ? 1 : 0)
      expect(await why.locator(".why-report strong").count()).toBe(isUsed ? 0 : 1)
      expect(await seriousFindings(page)).toEqual([])
      await shot(`5-why-${isUsed ? "used" : "unused"}`)
      await page.keyboard.press("Escape")
    }
  })

  it("shows the passages before the answer, in a row that never changes its height, nor the place of the text below", async () => {
    await goTo("#/chat")
    const recorded = await recordSources(page)
    await page.locator("#composer").fill("How often should the filter be changed?")
    await page.keyboard.press("Enter")
    await page.locator(".answer .timing-line").waitFor()
    const { frames } = await recorded()
    expect(new Set(frames.map(({ height }) => height)).size).toBe(1)
    expect(new Set(frames.flatMap(({ textBelow }) => textBelow ?? [])).size).toBe(1)
    expect(frames.at(-1)?.isProvisional).toBe(false)
    await shot("7-answer")
  })

  it("finds what was built by tag, kind and words, and takes a tag of the person's own", async () => {
    await goTo("#/settings/artifacts")
    const card = page.getByRole("region", { name: "Artifacts", exact: true })
    const names = () => card.locator(".artifact summary .truncate").allInnerTexts()
    await expect.poll(async () => (await names()).sort()).toEqual(["Pinned questions", "Sample household", "few.yaml"])
    await card.getByRole("button", { name: /^pinned\b/ }).click()
    await expect.poll(names).toEqual(["Pinned questions"])
    await card.getByRole("button", { name: /^pinned\b/ }).click()
    await card.getByRole("radio", { name: "Indexes" }).click()
    await expect.poll(names).toEqual(["Sample household"])
    await card.locator(".artifact summary").click()
    await card.locator("code", { hasText: /^[0-9a-f]{64}$/ }).waitFor()
    const tags = card.locator(".artifact").getByRole("textbox")
    await tags.fill(`${await tags.inputValue()}, kitchen`)
    await page.keyboard.press("Enter")
    await card.getByRole("button", { name: /^kitchen\b/ }).click()
    await card.getByRole("radio", { name: "All" }).click()
    await expect.poll(names).toEqual(["Sample household"])
    await shot("6-artifacts")
    expect(await seriousFindings(page)).toEqual([])
    await card.getByRole("radio", { name: "Models" }).click()
    await card.getByText("Nothing fits.").waitFor()
    expect(problems).toEqual([])
  })
})
