import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { AppError } from "#core/errors.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { HostAdapter } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { goodFiles } from "../fakes/formatFiles.ts"
import { hostileFiles, mutations, truncations } from "../fakes/hostileFiles.ts"

const isFull = process.env.ZENGLOW_TEST_FULL === "1"
const entry = new URL("../../main/rag/parse/entry.ts", import.meta.url)
const signal = new AbortController().signal
const cuts = 50
const flips = isFull ? 600 : 50

let parser: Parser
let spawned = 0
let connections = 0
const bait = createServer((_request, response) => {
  connections++
  response.end("stolen")
})
let url = ""

beforeAll(async () => {
  await new Promise<void>((resolve) => bait.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(bait.address() as AddressInfo).port}`
  const inner = createForkAdapter({ entry, execArgv: parserExecArgv(entry) })
  const adapter: HostAdapter = {
    spawn(options) {
      spawned++
      return inner.spawn(options)
    },
  }
  parser = createParser({ adapter, log: silentLogger })
})

afterAll(async () => {
  await parser.close()
  await new Promise((resolve) => bait.close(resolve))
})

/** The text, or the code it was refused with. Anything else fails the test. */
async function outcomeOf(fileName: string, bytes: Uint8Array): Promise<{ text: string } | { code: string }> {
  try {
    return { text: (await parser.parse({ fileName, bytes }, signal)).text }
  } catch (error) {
    if (error instanceof AppError && error.remedy !== undefined) return { code: error.code }
    throw error
  }
}

const refusals = new Set([
  "document.damaged",
  "document.empty",
  "document.no-text",
  "document.encrypted",
  "document.unsupported",
  "document.too-large",
])

describe.each(goodFiles())("a broken %s", (fileName, bytes) => {
  it(`cut off at ${cuts} places, and ${flips} times changed, is read or refused by a code`, async () => {
    spawned = 0
    for (const broken of [...truncations(bytes, cuts), ...mutations(bytes, flips, 20_261_123)]) {
      const outcome = await outcomeOf(fileName, broken)
      if ("code" in outcome) expect(refusals).toContain(outcome.code)
    }
    // No child was lost on the way: neither memory nor time ran out, and nothing crashed.
    expect(spawned).toBeLessThanOrEqual(1)
    expect(await outcomeOf(fileName, bytes)).toHaveProperty("text")
  })
})

describe("hostile files", () => {
  it("are answered by their codes or read without what they wanted; nothing is fetched, nothing is lost", async () => {
    spawned = 0
    const wrong: string[] = []
    for (const { file, codes } of hostileFiles(url)) {
      const [name, fileName, bytes] = file
      const outcome = await outcomeOf(fileName, bytes)
      const isRead = codes.length === 0 || codes.includes("")
      const told = "code" in outcome ? outcome.code : isRead ? "" : "read"
      if (told !== "" && !codes.includes(told)) wrong.push(`${name}: ${told}`)
      if ("text" in outcome && /root:.*:0:0|stolen|lollol|AutoOpen/.test(outcome.text)) wrong.push(`${name}: let in`)
    }
    expect(wrong).toEqual([])
    expect(connections).toBe(0)
    expect(spawned).toBeLessThanOrEqual(1)
  })
})
