import { existsSync, readFileSync } from "node:fs"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { AppError } from "#core/errors.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import { createDocumentReader } from "#rag/createDocumentReader.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { makePdf } from "../fakes/documents.ts"
import {
  blank,
  inverted,
  jpegPage,
  makeBmp,
  makeGif,
  makePng,
  makeScan,
  makeTiff,
  noticeJpg,
  noticePixels,
  noticePng,
  noticeText,
  noticeWebp,
  pixelPage,
  turned,
} from "../fakes/pictures.ts"
import { modelFile } from "./modelFiles.ts"

const dataPath = modelFile("tesseract-eng", "eng.traineddata.gz")
const signal = new AbortController().signal
const entry = new URL("../../main/rag/parse/entry.ts", import.meta.url)
const pixels = noticePixels()

describe.skipIf(!existsSync(dataPath))("the text of pictures", () => {
  let parser: Parser
  let recognition: Uint8Array
  beforeAll(() => {
    recognition = readFileSync(dataPath)
    parser = open()
  })
  afterAll(() => parser.close())

  const open = (code?: string, timeoutMs = 60_000): Parser => {
    const beside = code === undefined ? [] : ["--import", `data:text/javascript,${encodeURIComponent(code)}`]
    const execArgv = [...parserExecArgv(entry), ...beside]
    return createParser({ adapter: createForkAdapter({ entry, execArgv }), log: silentLogger, timeoutMs })
  }
  const read = (fileName: string, bytes: Uint8Array) => parser.parse({ fileName, bytes, recognition }, signal)

  it("is read from every format, whatever the file is called", async () => {
    const files: [string, Uint8Array][] = [
      ["notice.png", noticePng],
      ["notice.jpg", noticeJpg],
      ["notice.webp", noticeWebp],
      ["notice.bmp", makeBmp(pixels)],
      ["notice.tiff", makeTiff(pixels)],
      ["notice.gif", makeGif(pixels, blank(680, 240))],
      ["notice.txt", noticePng],
      ["notice.pdf", noticePng],
    ]
    for (const [fileName, bytes] of files) {
      const { kind, text, title } = await read(fileName, bytes)
      expect({ fileName, kind, text, title }).toEqual({ fileName, kind: "image", text: noticeText, title: "notice" })
    }
  })

  it("is read when light on dark, and when the camera was turned", async () => {
    expect((await read("dark.png", makePng(inverted(pixels)))).text).toBe(noticeText)
    expect((await read("turned.tiff", makeTiff(turned(pixels), 6))).text).toBe(noticeText)
  })

  it("is missing from an empty picture, and the file says so", async () => {
    await expect(read("blank.png", makePng(blank(600, 400)))).rejects.toMatchObject({
      code: "document.no-text",
      remedy: expect.stringContaining("sharper"),
    })
  })

  it("of scanned pages has their page numbers; an upright page may lie turned in the file", async () => {
    const scan = await read("scan.pdf", makeScan([jpegPage(), pixelPage(pixels, 1)]))
    expect(scan.text).toBe(`${noticeText}\n\n${noticeText}`)
    expect(scan.pages).toEqual([
      { page: 1, start: 0 },
      { page: 2, start: noticeText.length + 2 },
    ])
    expect((await read("turned.pdf", makeScan([pixelPage(turned(pixels), 8)], 90))).text).toBe(noticeText)
    expect(scan.kind).toBe("pdf")
    await expect(read("drawing.pdf", makePdf([[]]))).rejects.toMatchObject({ code: "document.no-text" })
  })

  it.each(["CCITTFaxDecode", "JBIG2Decode", "JPXDecode"] as const)(
    "of pages in %s is refused with a way out, and the next file is read",
    async (filter) => {
      const page = { ...pixelPage(pixels, 1), filter, data: Buffer.alloc(60, 7) }
      await expect(read("fax.pdf", makeScan([page]))).rejects.toMatchObject({
        code: "document.no-text",
        message: expect.stringContaining("fax, JBIG2 or JPEG 2000"),
        remedy: "Save the pages as PNG or JPEG and add those.",
      })
      expect((await read("notice.png", noticePng)).text).toBe(noticeText)
    },
  )

  it("is read after the data came, and until then the file says what to install", async () => {
    let installed: Uint8Array | null = null
    const reader = createDocumentReader({
      parser,
      pictureParser: parser,
      transcribe: async () => ({ segments: [] }),
      recognition: async () => installed,
    })
    const scan = makeScan([jpegPage()])
    const remedy = expect.stringContaining("zenglow models pull tesseract-eng")
    const picture = { fileName: "notice.png", bytes: noticePng }
    await expect(reader.parse(picture, signal)).rejects.toMatchObject({ code: "document.unsupported", remedy })
    const file = { fileName: "scan.pdf", bytes: scan }
    await expect(reader.parse(file, signal)).rejects.toMatchObject({ code: "document.no-text", remedy })
    installed = recognition
    expect((await reader.parse(picture, signal)).text).toBe(noticeText)
    expect((await reader.parse(file, signal)).text).toBe(noticeText)
  })

  it("survives files that are cut off or changed anywhere: each is read or reported, and the next one is whole", async () => {
    const outcomes = new Set<string>()
    const attempt = async (name: string, bytes: Uint8Array) => {
      try {
        await read(name, bytes)
        outcomes.add("read")
      } catch (error) {
        if (!(error instanceof AppError) || !error.code.startsWith("document.")) throw error
        outcomes.add(error.code)
      }
    }
    const cropped = { width: 680, height: 60, grey: pixels.grey.subarray(0, 680 * 60) }
    const files: [string, Uint8Array][] = [
      ["a.png", makePng(cropped)],
      ["a.jpg", noticeJpg],
      ["a.webp", noticeWebp],
      ["a.bmp", makeBmp(cropped)],
      ["a.tiff", makeTiff(cropped)],
      ["a.gif", makeGif(cropped)],
    ]
    const rounds = process.env.ZENGLOW_TEST_FULL ? 50 : 8
    let state = 7
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state % below
    }
    for (const [name, bytes] of files) {
      for (let round = 0; round < rounds; round++) {
        await attempt(name, bytes.subarray(0, 1 + Math.floor((bytes.length * round) / rounds)))
        const flipped = Uint8Array.from(bytes)
        // The first bytes hold the sizes; the rest is pixels.
        const at = round % 2 === 0 ? random(64) : random(bytes.length)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8))
        await attempt(name, flipped)
      }
    }
    expect([...outcomes]).toEqual(expect.arrayContaining(["read", "document.damaged"]))
    expect((await read("notice.png", noticePng)).text).toBe(noticeText)
  }, 300_000)

  it("costs no more memory than its limit: an engine that runs out reports the file and is made anew", async () => {
    // Leaves so little that the decoded picture does not fit.
    const tight = open(
      `const { grow } = WebAssembly.Memory.prototype
       WebAssembly.Memory.prototype.grow = function (pages) {
         if (this.buffer.byteLength + pages * 65536 > 60e6) throw new RangeError("full")
         return grow.call(this, pages)
       }`,
    )
    try {
      const large = makePng(blank(5000, 4000))
      await expect(tight.parse({ fileName: "a.png", bytes: large, recognition }, signal)).rejects.toMatchObject({
        code: "document.damaged",
      })
      const next = await tight.parse({ fileName: "notice.png", bytes: noticePng, recognition }, signal)
      expect(next.text).toBe(noticeText)
    } finally {
      await tight.close()
    }
  })
})

describe.skipIf(!existsSync(dataPath))("the child that reads pictures", () => {
  let parser: Parser | undefined
  afterEach(() => parser?.close())
  const beside = (code: string, timeoutMs = 60_000): Parser => {
    const execArgv = [...parserExecArgv(entry), "--import", `data:text/javascript,${encodeURIComponent(code)}`]
    parser = createParser({ adapter: createForkAdapter({ entry, execArgv }), log: silentLogger, timeoutMs })
    return parser
  }
  const input = () => ({ fileName: "notice.png", bytes: noticePng, recognition: readFileSync(dataPath) })

  it("opens no connection, reads nothing but code and writes nothing", async () => {
    // Any attempt ends the child at once: the guards of the process are not what keeps the engine quiet.
    const { parse } = beside(`
      const fs = process.getBuiltinModule("node:fs"), net = process.getBuiltinModule("node:net"), dns = process.getBuiltinModule("node:dns")
      const end = () => process.exit(9)
      for (const name of ["connect", "createConnection", "createServer"]) net[name] = end
      dns.lookup = end
      for (const name of ["writeFile", "writeFileSync", "appendFile", "createWriteStream", "mkdirSync", "unlink"]) fs[name] = end
      const read = fs.readFileSync
      fs.readFileSync = (path, ...rest) => (/\\.(?:wasm|js|mjs|cjs|ts|json)$/.test(String(path)) ? read(path, ...rest) : end())
      process.getBuiltinModule("node:module").syncBuiltinESMExports()
    `)
    expect((await parse(input(), signal)).text).toBe(noticeText)
  })

  it("is ended when a picture takes too long, and the file is reported", async () => {
    const { parse } = beside(`WebAssembly.instantiate = () => { for (;;) {} }`, 3000)
    await expect(parse(input(), signal)).rejects.toMatchObject({
      code: "document.timeout",
      message: expect.stringContaining("3 s"),
    })
  })
})
