import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { pictureType, readPictureHeader } from "#rag/parse/pictures/pictureHeader.ts"
import { readPicture, textOf } from "#rag/parse/pictures/readPicture.ts"
import { blank, makeBmp, makeGif, makePng, makeTiff, noticeJpg, noticePng, noticeWebp } from "../fakes/pictures.ts"

const small = blank(30, 20)
const latin = (text: string): Uint8Array => Buffer.from(text, "latin1")
/** Data that fails when it is opened: what is refused before that never started the engine. */
const brokenData = latin("no gzip")

describe("a picture's header", () => {
  it("tells type and size of every format without decoding", () => {
    const expected = { width: 30, height: 20 }
    expect(readPictureHeader(makePng(small))).toMatchObject({ mime: "image/png", ...expected })
    expect(readPictureHeader(makeBmp(small))).toMatchObject({ mime: "image/bmp", ...expected })
    expect(readPictureHeader(makeTiff(small, 6))).toMatchObject({ mime: "image/tiff", ...expected, orientation: 6 })
    expect(readPictureHeader(makeGif(small))).toMatchObject({ mime: "image/gif", ...expected })
    expect(readPictureHeader(noticeJpg)).toMatchObject({ mime: "image/jpeg", width: 680, height: 240 })
    expect(readPictureHeader(noticeWebp)).toMatchObject({ mime: "image/webp", width: 680, height: 240 })
    expect(readPictureHeader(noticePng)).toMatchObject({ width: 680, height: 240 })
  })

  it("takes the largest size of files that declare several", () => {
    expect(readPictureHeader(makeGif(blank(10, 10), small))).toMatchObject({ width: 10, height: 10 })
    const gif = makeGif(small)
    gif.set([1, 0, 1, 0], 6)
    expect(readPictureHeader(gif)).toMatchObject({ width: 30, height: 20 })
    const twoFrames = Buffer.concat([
      latin("\u00ff\u00d8\u00ff\u00c0\u0000\u000b\u0008\u0000\u0010\u0000\u0010\u0001\u0001\u0011\u0000"),
      latin("\u00ff\u00c2\u0000\u000b\u0008\u00c3\u0050\u00c3\u0050\u0001\u0001\u0011\u0000"),
    ])
    expect(readPictureHeader(twoFrames)).toMatchObject({ width: 50_000, height: 50_000 })
  })

  it("turns as Exif says", () => {
    const exif = (orientation: number) =>
      latin(
        `Exif\0\0MM\0*\0\0\0\u0008\0\u0001\u0001\u0012\0\u0003\0\0\0\u0001\0${String.fromCharCode(orientation)}\0\0`,
      )
    const turned = (orientation: number): Uint8Array => {
      const body = exif(orientation)
      return Buffer.concat([
        noticeJpg.subarray(0, 2),
        Buffer.of(0xff, 0xe1, 0, body.length + 2),
        body,
        noticeJpg.subarray(2),
      ])
    }
    expect(readPictureHeader(turned(6))?.orientation).toBe(6)
    expect(readPictureHeader(turned(9))?.orientation).toBe(1)
    expect(readPictureHeader(turned(6))?.width).toBe(680)
  })

  it("is no reason to fall over, wherever a file ends and whatever stands in it", () => {
    const files = [makePng(small), makeBmp(small), makeTiff(small), makeGif(small), noticeJpg, noticeWebp]
    for (const file of files)
      for (let end = 0; end < Math.min(file.length, 600); end++)
        expect(() => readPictureHeader(file.subarray(0, end))).not.toThrow()
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(200), fc.nat(255), (file, at, value) => {
        const changed = Uint8Array.from(file)
        changed[at % changed.length] = value
        const header = readPictureHeader(changed)
        expect(header === null || (header.width >= 0 && header.height >= 0)).toBe(true)
      }),
    )
  })

  it("is not seen in a text", () => {
    for (const text of ["BM is a unit of measure here.", "GIF is a format.", "RIFF raff", ""])
      expect(pictureType(latin(text))).toBeNull()
  })
})

describe("a picture", () => {
  it("that declares more pixels than fit is refused before anything is decoded", async () => {
    const sizes: [number, number][] = [
      [50_000, 50_000],
      [40_000, 100],
      [4_294_967_295, 4_294_967_295],
    ]
    for (const [width, height] of sizes) {
      const bomb = makePng(small, { width, height })
      await expect(readPicture(bomb, brokenData)).rejects.toMatchObject({ code: "document.too-large" })
    }
    await expect(readPicture(makePng(small), brokenData)).rejects.toMatchObject({ code: "model.corrupt" })
  })

  it("names what to install while the data is missing", async () => {
    await expect(readPicture(noticePng, undefined)).rejects.toMatchObject({
      code: "document.unsupported",
      remedy: expect.stringContaining("zenglow models pull tesseract-eng"),
    })
  })

  it("of another type says what to do", async () => {
    await expect(readPicture(latin("....ftypheic"), brokenData)).rejects.toMatchObject({
      code: "document.unsupported",
      remedy: expect.stringContaining("PNG or JPEG"),
    })
  })

  it("without a size is damaged", async () => {
    await expect(readPicture(noticePng.subarray(0, 18), brokenData)).rejects.toMatchObject({ code: "document.damaged" })
  })
})

describe("recognised words", () => {
  const word = (text: string, line: string, confidence = 90, paragraph = "p") => ({ text, line, confidence, paragraph })

  it("keep their lines and paragraphs", () => {
    const words = [word("Two", "1"), word("words", "1"), word("below", "2"), word("apart", "3", 90, "q")]
    expect(textOf(words)).toBe("Two words\nbelow\n\napart")
  })

  it("are left out below the least confidence, with the line they were alone on", () => {
    const words = [word("Clear", "1", 40), word("smudge", "2", 39.9), word("text", "3", 95)]
    expect(textOf(words)).toBe("Clear\ntext")
  })

  it("are no text when hardly a letter is left", () => {
    expect(textOf([word("i", "1"), word("|", "1"), word("7", "2")])).toBe("")
  })

  it("make no headings of number signs", () => {
    expect(textOf([word("#", "1"), word("Item", "1")])).toBe("\\# Item")
  })
})
