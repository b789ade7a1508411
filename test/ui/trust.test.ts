import { mkdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { type Client, createClient } from "#cli/client.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { launchBrowser } from "./browser.ts"
import { followHash } from "./followHash.ts"
import { hostileTexts } from "./hostileText.ts"
import { seriousFindings } from "./seriousFindings.ts"

/** What an operator and a household look at, on the real core: its own log, audit log, timeline, people, datasets and vault. */

const shots = fileURLToPath(new URL("../../test-results/trust", import.meta.url))
const hostile = '<img src=x onerror="window.__ran=1">'
const pages = [
  ["#/metrics", "Metrics"],
  ["#/activity/timeline", "Activity"],
  ["#/activity/logs", "Activity"],
  ["#/activity/audit", "Activity"],
  ["#/activity/egress", "Activity"],
  ["#/people", "People"],
  ["#/datasets", "Datasets"],
  ["#/vault", "Protected people"],
  ["#/settings/your-data", "Settings"],
] as const

let cli: CommandLine
let client: Client
let browser: Browser
let page: Page
const problems: string[] = []
const refused: string[] = []

beforeAll(async () => {
  mkdirSync(shots, { recursive: true })
  cli = createCommandLine()
  const served = await cli.serve()
  client = createClient(served.baseUrl, served.key)
  for (const [name, role] of [
    [hostile, "adult"],
    ["Cleo", "child"],
    ["Visitors", "guest"],
  ] as const)
    await client.api("POST /api/people", { body: { name, role } })
  await client.api("POST /api/collections", { body: { name: hostileTexts[1] ?? "" } })
  browser = await launchBrowser()
  page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage()
  page.setDefaultTimeout(15_000)
  page.on("pageerror", (error) => problems.push(String(error)))
  page.on("response", (response) => {
    if (response.status() === 403) refused.push(`${response.request().method()} ${new URL(response.url()).pathname}`)
  })
  const { ticket } = await client.api("POST /api/tickets", {})
  await page.goto(`${served.baseUrl}/#ticket=${ticket}`)
  await page.getByRole("heading", { level: 1 }).waitFor()
  // The first chat of this household; its title and text are what somebody hostile would write.
  await followHash(page, "#/chat")
  for (const question of [`How often should the filter be changed? ${hostile}`, "Who may open the cellar?"]) {
    await page.locator("#composer").fill(question)
    await page.keyboard.press("Enter")
    await page.locator(".prose.streaming").waitFor({ state: "detached" })
    await page.locator(".answer .timing-line").last().waitFor({ timeout: 60_000 })
  }
})
afterAll(async () => {
  await browser?.close()
  await cli?.close()
})
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await page.screenshot({ path: join(shots, "failed.png") })
})
beforeEach(() => {
  problems.length = 0
  refused.length = 0
})

const expectHarmless = async () => {
  expect(problems).toEqual([])
  expect(await page.evaluate(() => "__ran" in window)).toBe(false)
}
const makeDataset = async () => {
  const form = page.getByRole("form", { name: "Make one" })
  await form.getByLabel("Name", { exact: false }).first().fill(hostile)
  await form.getByRole("button", { name: "Count first" }).click()
  await form.getByText(/It would have \d+ rows?/).waitFor()
  const make = form.getByRole("button", { name: "Make dataset" })
  expect(await make.isDisabled()).toBe(true)
  await form.getByLabel(/I agree/).check()
  await make.click()
}

it("makes datasets by consent, shows what is in them and what changed, hands them out and deletes them", async () => {
  await followHash(page, "#/datasets")
  await makeDataset()
  const first = page.getByText(`${hostile}, version 1`)
  await first.waitFor()
  await page.getByLabel("Your chats").uncheck()
  await page
    .getByLabel(/^Passages of/)
    .first()
    .check()
  await makeDataset()
  const second = page.getByText(`${hostile}, version 2`)
  await second.waitFor()
  const version = page.locator(".datasets-version").first()
  await second.click()
  const { items } = await client.api("GET /api/datasets", {})
  await version.getByText(items[0]?.sha256 ?? "absent").waitFor()
  await version.getByLabel("Compare with").selectOption({ index: 1 })
  await version.getByText("Answered otherwise").first().waitFor()
  await page.screenshot({ path: join(shots, "datasets-diff.png"), fullPage: true })
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    version.getByRole("button", { name: "Download" }).click(),
  ])
  expect((await readFile(await download.path(), "utf8")).trim().split("\n")).toHaveLength(items[0]?.counts.rows ?? -1)
  expect(await seriousFindings(page)).toEqual([])
  await version.getByRole("button", { name: "Delete" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
  await second.waitFor({ state: "detached" })
  expect((await client.api("GET /api/datasets", {})).items).toHaveLength(1)
  await expectHarmless()
})

it("shows who is protected only when asked, and erases somebody with a proof", async () => {
  await followHash(page, "#/vault")
  const form = page.getByRole("form", { name: "Protect somebody" })
  await form.getByLabel("What you call them").fill(hostile)
  await form.getByLabel("What tells who they are").fill("Marta Kessler")
  await form.getByRole("button", { name: "Protect", exact: true }).click()
  await expect.poll(() => form.getByLabel("What you call them").inputValue()).toBe("")
  expect(await page.getByText("Marta Kessler").count()).toBe(0)
  const reveals = async () => (await client.api("GET /api/audit", { query: { action: "pii.reveal" } })).items.length
  const before = await reveals()
  await page.getByRole("button", { name: "Show who is protected" }).click()
  await page.getByText("Marta Kessler").waitFor()
  expect(await reveals()).toBe(before + 1)
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole("button", { name: "Erase everywhere" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Erase everywhere" }).click()
  await page.getByText(/Looked for \d+ pieces of it in \d+ files: nothing is left/).waitFor()
  await page.getByText("Nobody is protected yet.").waitFor()
  await expectHarmless()
})

it("walks green through metrics, activity, people, datasets and the vault, wide and narrow, light and dark", async () => {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      for (const [hash, title] of pages) {
        await followHash(page, hash)
        await page.getByRole("heading", { level: 1, name: title }).waitFor()
        await page.getByText("Loading").waitFor({ state: "detached" })
        await page.screenshot({
          path: join(shots, `${hash.replace(/\W+/g, "-").slice(1)}-${width}-${colorScheme}.png`),
        })
        expect(await seriousFindings(page), `${hash} ${width} ${colorScheme}`).toEqual([])
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(overflow, `${hash} ${width}`).toBeLessThanOrEqual(0)
      }
    }
  }
  expect(refused).toEqual([])
  await expectHarmless()
})
