import { createRequire } from "node:module"
import { gunzipSync } from "node:zlib"
import { AppError } from "#core/errors.ts"

/** Reads the letters of pictures. One at a time. */
export interface Recognizer {
  /**
   * Words in reading order. `bytes` is a whole file (PNG, JPEG, WebP, BMP, GIF, TIFF or PNM) whose size was checked; `orientation`
   * is Exif's. Null: the file cannot be decoded.
   */
  read(bytes: Uint8Array, orientation: number): RecognizedWord[] | null
}

export interface RecognizedWord {
  text: string
  /** 0 to 100. */
  confidence: number
  /** Words of one line, and lines of one paragraph, share these. */
  line: string
  paragraph: string
}

/** The parts of tesseract.js-core's module that are used here. */
interface TesseractCore {
  FS: { writeFile(path: string, bytes: Uint8Array): void; unlink(path: string): void }
  TessBaseAPI: new () => TessBaseApi
}

interface TessBaseApi {
  /** Zero on success. Engine 1 is the neural one, the only one in this build. */
  Init(dataPath: string | null, language: string, engine: number): number
  SetVariable(name: string, value: string): boolean
  /** Decodes `/input`. Zero on success. */
  SetImageFile(orientation: number, angle: number): number
  Recognize(monitor: null): number
  GetTSVText(page: number): string
  Clear(): void
}

/** Unpacked language data. English has 5 MB, the largest languages 15. */
const largestData = 64 * 1024 * 1024
/** Automatic page segmentation without a guess at the orientation. */
const pageSegmentation = "3"

let shared: { data: Uint8Array; recognizer: Recognizer } | null = null

/** The recogniser of this process; `data` is Tesseract's language data, gzipped. Throws `model.corrupt` when it is none. */
export async function openRecognizer(data: Uint8Array): Promise<Recognizer> {
  if (shared && Buffer.compare(shared.data, data) === 0) return shared.recognizer
  const recognizer = await createRecognizer(data)
  shared = { data, recognizer }
  return recognizer
}

async function createRecognizer(data: Uint8Array): Promise<Recognizer> {
  // CommonJS without types. It reads its .wasm from its own folder and opens nothing else.
  const createCore: (options: object) => Promise<TesseractCore> = createRequire(import.meta.url)(
    "tesseract.js-core/tesseract-core-simd-lstm.js",
  )
  const silent = (): void => {}
  const core = await createCore({ print: silent, printErr: silent })
  const api = new core.TessBaseAPI()
  core.FS.writeFile("./language.traineddata", unpack(data))
  if (api.Init(null, "language", 1) !== 0) throw corruptData()
  core.FS.unlink("./language.traineddata")
  api.SetVariable("tessedit_pageseg_mode", pageSegmentation)
  return {
    read(bytes, orientation) {
      try {
        core.FS.writeFile("/input", bytes)
        if (api.SetImageFile(orientation, 0) !== 0) return null
        if (api.Recognize(null) !== 0) return null
        return wordsOf(api.GetTSVText(0))
      } catch {
        // Out of memory, or brought down by the file: nothing in the engine can be trusted any more.
        shared = null
        return null
      } finally {
        if (shared) api.Clear()
      }
    },
  }
}

function unpack(data: Uint8Array): Uint8Array {
  try {
    return gunzipSync(data, { maxOutputLength: largestData })
  } catch (cause) {
    throw corruptData(cause)
  }
}

/** Tab-separated: level, page, block, paragraph, line, word, left, top, width, height, confidence, text. Level 5 is a word. */
function wordsOf(table: string): RecognizedWord[] {
  return table.split("\n").flatMap((row) => {
    const [level, page, block, paragraph, line, , , , , , confidence, text = ""] = row.split("\t")
    if (level !== "5" || text.trim() === "") return []
    const inParagraph = `${page}/${block}/${paragraph}`
    return [
      { text: text.trim(), confidence: Number(confidence), paragraph: inParagraph, line: `${inParagraph}/${line}` },
    ]
  })
}

const corruptData = (cause?: unknown): AppError =>
  new AppError("model.corrupt", "The data for text recognition is damaged.", {
    remedy: "Verify it on the Models page and download it again.",
    cause,
  })
