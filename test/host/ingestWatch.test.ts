import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { createClient } from "#cli/client.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"

let cli: CommandLine
let folder: string
beforeEach(() => {
  cli = createCommandLine()
  folder = mkdtempSync(join(tmpdir(), "zenglow-notes-"))
})
afterEach(async () => {
  await cli.close()
  rmSync(folder, { recursive: true, force: true })
})

const clientOf = () => {
  const { baseUrl } = JSON.parse(readFileSync(join(cli.dataDir, "runtime.json"), "utf8")) as { baseUrl: string }
  return createClient(baseUrl, readFileSync(join(cli.dataDir, "api-key"), "utf8").trim())
}
const passages = async (): Promise<string[]> => {
  const query = "When does the gate open?"
  const { chunks } = await clientOf().api("POST /rag/query2", { body: { query, top_k: 50 } })
  return chunks.map(({ chunk }) => chunk).filter((chunk) => chunk.includes("The gate"))
}

it("ingest --watch reads a folder, keeps up until it is stopped, and catches up the next time", {
  timeout: 90_000,
}, async () => {
  const file = join(folder, "gate.md")
  writeFileSync(file, "The gate opens at seven.")
  writeFileSync(join(folder, "empty.md"), "")
  const watching = cli.start(["ingest", folder, "--watch", "--json"])
  await watching.ready
  await expect.poll(passages, { timeout: 20_000 }).toEqual(["The gate opens at seven."])
  writeFileSync(file, "The gate opens at eight.")
  await expect.poll(passages, { timeout: 20_000 }).toEqual(["The gate opens at eight."])
  watching.child.kill("SIGINT")
  const { code, stdout } = await watching.ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    folders: [{ path: folder, documents: 2, failed: 1, errors: [{ code: "document.empty" }] }],
  })

  writeFileSync(file, "The gate opens at nine.")
  await cli.serve()
  await expect.poll(passages, { timeout: 20_000 }).toEqual(["The gate opens at nine."])
  const again = await cli.run(["ingest", folder, "--watch", "--json"])
  expect([again.code, (await clientOf().api("GET /api/folders", {})).items.length]).toEqual([0, 1])
  const wrong = await cli.run(["ingest", file, "--watch", "--json"])
  expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringContaining("document.unreadable")])
  expect(basename(folder)).toBe((await clientOf().api("GET /api/folders", {})).items[0]?.name)
})
