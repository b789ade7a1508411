import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { testdataDir } from "../models/modelFiles.ts"

/** Real files of other programs (the test files of markitdown), read in the parser child: what is read of each stays the same. */

const entry = new URL("../../main/rag/parse/entry.ts", import.meta.url)
const { signal } = new AbortController()
const testdata = testdataDir()
const folder = testdata && join(testdata, "documents")
const files = folder && existsSync(folder) ? readdirSync(folder).sort() : []
if (files.length === 0)
  process.stderr.write("not run: documents of other programs, which are not among the test data\n")

describe.skipIf(files.length === 0)("documents of other programs", () => {
  let parser: Parser
  beforeAll(() => {
    parser = createParser({
      adapter: createForkAdapter({ entry, execArgv: parserExecArgv(entry) }),
      log: silentLogger,
    })
  })
  afterAll(() => parser.close())

  it("are read as they were when the golden file was looked at", async () => {
    const golden: Record<string, unknown> = {}
    for (const fileName of files) {
      const bytes = readFileSync(join(folder as string, fileName))
      const { kind, title, text, pageCount } = await parser.parse({ fileName, bytes }, signal)
      golden[fileName] = {
        kind,
        title,
        pageCount,
        characters: text.length,
        headings: text.split("\n").filter((line) => /^#{1,6} /.test(line)).length,
        begins: text.slice(0, 120),
        ends: text.trimEnd().slice(-80),
        sha256: createHash("sha256").update(text).digest("hex"),
      }
    }
    await expect(`${JSON.stringify(golden, null, 2)}\n`).toMatchFileSnapshot("../fixtures/documents.golden.json")
  })
})
