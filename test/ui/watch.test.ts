import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Client } from "#cli/client.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { followHash } from "./followHash.ts"
import { openServed } from "./servedWindow.ts"

/** A watched folder in the window of the real core: its store, parser and system notifications; hash vectors, quoted answers. */

const shots = fileURLToPath(new URL("../../test-results/watch", import.meta.url))
/** From the moment a file is saved to the moment its words are found. */
const promisedMs = 5000
const question = "When does the gate of the allotment open?"

let cli: CommandLine
let client: Client
let browser: Browser
let page: Page
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "zenglow-notes-"))
  mkdirSync(shots, { recursive: true })
  cli = createCommandLine()
  ;({ browser, page, client } = await openServed(await cli.serve()))
})
afterAll(async () => {
  await browser?.close()
  await cli?.close()
  rmSync(folder, { recursive: true, force: true })
})

const shot = (name: string) => page.screenshot({ path: join(shots, `${name}.png`) })
const goTo = (hash: string) => followHash(page, hash)
const found = async (): Promise<string> => {
  const { chunks } = await client.api("POST /rag/query2", { body: { query: question, top_k: 50 } })
  return chunks.map(({ chunk }) => chunk).join("\n")
}
const answer = async (): Promise<string> => {
  await goTo("#/chat")
  await page
    .getByRole("button", { name: /New chat/i })
    .first()
    .click()
  await page.locator("#composer").fill(question)
  await page.keyboard.press("Enter")
  await page.locator(".answer .timing-line").waitFor({ timeout: 60_000 })
  return (await page.locator(".answer").last().textContent()) ?? ""
}

it("answers from a watched folder, from the edited file within five seconds, and never again from the old one", async () => {
  const file = join(folder, "allotment.md")
  await writeFile(file, "# Allotment\n\nThe gate of the allotment opens at seven in the morning.\n")
  await goTo("#/documents")
  await page.getByRole("button", { name: "Watch a folder" }).click()
  await page.getByLabel("Folder", { exact: true }).fill(folder)
  await page.getByLabel("Leave out", { exact: true }).fill("drafts/")
  await shot("1-dialog")
  await page.getByRole("button", { name: "Watch", exact: true }).click()
  const row = page.locator(".folder")
  await row.getByText("Watching · 1 document").waitFor()
  await page.getByRole("button", { name: "Allotment", exact: true }).waitFor()
  await shot("2-watching")
  expect(await answer()).toContain("seven")
  await shot("3-answer")

  await writeFile(file, "# Allotment\n\nThe gate of the allotment opens at half past eight in the morning.\n")
  await expect.poll(found, { timeout: promisedMs, interval: 100 }).toContain("half past eight")
  expect(await found()).not.toContain("seven")
  const edited = await answer()
  expect(edited).toContain("half past eight")
  expect(edited).not.toContain("seven")
  await shot("4-edited")

  // As careful editors save: another file, renamed over it.
  await writeFile(`${file}.tmp`, "# Allotment\n\nThe gate of the allotment opens at ten in the morning.\n")
  await rename(`${file}.tmp`, file)
  await expect.poll(found, { timeout: promisedMs, interval: 100 }).toContain("at ten")
  const saved = await answer()
  expect(saved).toContain("at ten")
  expect(saved).not.toMatch(/seven|half past eight/)

  await rm(file)
  await expect.poll(found, { timeout: promisedMs, interval: 100 }).not.toContain("allotment")
  expect(await answer()).not.toMatch(/seven|half past eight|at ten/)
})

it("is paused, and removed with its documents when that is chosen", async () => {
  await writeFile(join(folder, "other.md"), "# Other\n\nThe shed is painted green.\n")
  await goTo("#/documents")
  const row = page.locator(".folder")
  // The count alone may still be that of the file which is gone.
  await page.getByRole("button", { name: "Other", exact: true }).waitFor()
  await row.getByText("Watching · 1 document").waitFor()
  await row.getByRole("button", { name: /^Pause watching/ }).click()
  await row.getByText("Paused · 1 document").waitFor()
  await row.getByRole("button", { name: /^Watch .* again$/ }).click()
  await row.getByText("Watching · 1 document").waitFor()
  await row.getByRole("button", { name: /^Options of the folder/ }).click()
  await page.getByRole("menuitem", { name: "Stop watching…" }).click()
  await shot("5-remove")
  await page.getByRole("button", { name: "Remove the documents" }).click()
  await row.waitFor({ state: "detached" })
  await page.getByRole("button", { name: "Other", exact: true }).waitFor({ state: "detached" })
})
