import { afterEach, describe, expect, it } from "vitest"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { HostAdapter } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { makeDocx, makePdf, wordParagraph } from "../fakes/documents.ts"

const entry = new URL("../../main/rag/parse/entry.ts", import.meta.url)
const signal = new AbortController().signal
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

let parser: Parser | undefined
afterEach(() => parser?.close())

const open = (adapter: HostAdapter, timeoutMs?: number): Parser => {
  parser = createParser({ adapter, log: silentLogger, ...(timeoutMs ? { timeoutMs } : {}) })
  return parser
}
const forked = (): HostAdapter => createForkAdapter({ entry, execArgv: parserExecArgv(entry) })
/** The parser child with code beside it that answers first, as a document that took over its reader would. */
const hostile = (code: string): HostAdapter => {
  const source = `process.on("message", (message) => {
    if (message.type !== "request") return process.exit(0)
    const answer = (text) => process.send({ type: "result", id: message.id, output: { text } })
    ${code}
  })`
  return createForkAdapter({
    entry,
    execArgv: [...parserExecArgv(entry), "--import", `data:text/javascript,${encodeURIComponent(source)}`],
  })
}

describe("the parser child", () => {
  it("reads every format one after the other", async () => {
    const { parse } = open(forked())
    const files: [string, Uint8Array][] = [
      ["a.txt", utf8("Plain text.")],
      ["a.md", utf8("# Title\n\nMarkdown text.")],
      ["a.html", utf8("<html><body><p>Page text.</p></body></html>")],
      ["a.pdf", makePdf([[{ text: "Portable text.", x: 50, y: 700 }]])],
      ["a.docx", makeDocx(wordParagraph("Word text."))],
    ]
    for (const [fileName, bytes] of files) {
      const parsed = await parse({ fileName, bytes }, signal)
      expect(parsed.kind).toBe(fileName.slice(2))
      expect(parsed.text).toContain("text.")
    }
  })

  it("reports a bad file by its own code and reads the next", async () => {
    const { parse } = open(forked())
    await expect(parse({ fileName: "a.md", bytes: new Uint8Array() }, signal)).rejects.toMatchObject({
      code: "document.empty",
    })
    expect((await parse({ fileName: "b.md", bytes: utf8("Fine.") }, signal)).text).toBe("Fine.")
  })

  it("reads no file, writes none, starts no process and no thread", async () => {
    const { parse } = open(
      hostile(`
        const attempts = [
          () => process.getBuiltinModule("node:fs").readFileSync("/etc/hosts"),
          () => process.getBuiltinModule("node:fs").readdirSync(process.getBuiltinModule("node:os").homedir()),
          () => process.getBuiltinModule("node:fs").writeFileSync(process.getBuiltinModule("node:os").tmpdir() + "/zenglow-escape", "x"),
          () => process.getBuiltinModule("node:child_process").spawnSync("node", ["--version"]),
          () => new (process.getBuiltinModule("node:worker_threads").Worker)("1", { eval: true }),
        ]
        answer(attempts.map((attempt) => { try { const result = attempt(); return result && result.error ? result.error.code : "allowed" } catch (error) { return error.code } }).join())
      `),
    )
    const { text } = await parse({ fileName: "a.md", bytes: utf8("x") }, signal)
    expect(text).toBe(Array(5).fill("ERR_ACCESS_DENIED").join())
  })

  it("has no network", async () => {
    const { parse } = open(
      hostile(
        `try { process.getBuiltinModule("node:net").connect(9, "127.0.0.1"); answer("connected") } catch (error) { answer(error.message + typeof globalThis.fetch) }`,
      ),
    )
    const { text } = await parse({ fileName: "a.md", bytes: utf8("x") }, signal)
    expect(text).toBe("Blocked: this process has no network.undefined")
  })

  it("gives WebAssembly no more memory than its limit", async () => {
    const { parse } = open(
      hostile(`
        const memory = new WebAssembly.Memory({ initial: 1 })
        const grow = (megabytes) => { try { memory.grow(megabytes * 16); return "grown" } catch (error) { return error.name } }
        answer([grow(600), grow(100)].join())
      `),
    )
    const { text } = await parse({ fileName: "a.md", bytes: utf8("x") }, signal)
    expect(text).toBe("grown,RangeError")
  })

  it("is ended when a file takes too long, and the file is reported", async () => {
    const { parse } = open(hostile("for (;;) {}"), 1500)
    await expect(parse({ fileName: "a.md", bytes: utf8("x") }, signal)).rejects.toMatchObject({
      code: "document.timeout",
    })
  })

  it("is ended when a file needs too much memory, and the file is reported", async () => {
    const { parse } = open(hostile("const hoard = []; for (;;) hoard.push(new Array(1e6).fill({}))"))
    await expect(parse({ fileName: "a.md", bytes: utf8("x") }, signal)).rejects.toMatchObject({
      code: "document.too-large",
    })
  })

  it("can be killed in the middle of a file any number of times without stopping the batch", async () => {
    const inner = forked()
    let kill = (): void => {}
    const adapter: HostAdapter = {
      spawn(options) {
        const child = inner.spawn(options)
        kill = () => child.kill()
        return {
          pid: child.pid,
          kill: () => child.kill(),
          send(message) {
            child.send(message)
            if (/"fileName":"deadly/.test(JSON.stringify(message, (key, value) => (key === "bytes" ? "" : value))))
              kill()
          },
        }
      },
    }
    const { parse } = open(adapter)
    for (let round = 0; round < 4; round++) {
      // Large enough that no reader is done before it dies.
      const deadly = parse({ fileName: "deadly.md", bytes: utf8("Some words. ".repeat(400_000)) }, signal)
      await expect(deadly).rejects.toMatchObject({ code: "document.unreadable" })
    }
    expect((await parse({ fileName: "good.md", bytes: utf8("Fine.") }, signal)).text).toBe("Fine.")
  })
})
