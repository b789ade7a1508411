import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { z } from "zod"
import { AppError } from "#core/errors.ts"

const count = z.number().int().positive()
const token = z.number().int().min(0)
const table = z.object({ offset: z.number().int().min(0), rows: count, columns: count })

/** `xtts.json` as models/export/xtts/export.py writes it. */
const manifest = z.object({
  format: z.literal("zenglow-xtts-1"),
  name: z.string(),
  languages: z.array(z.string()),
  width: count,
  heads: count,
  layers: count,
  startText: token,
  stopText: token,
  startSound: token,
  stopSound: token,
  mostTextTokens: count,
  mostSoundTokens: count,
  sampleSeconds: count,
  chunkSeconds: count,
  speakerSeconds: count,
  framesPerToken: count,
  inputRate: count,
  outputRate: count,
  hopSamples: count,
  sampling: z.object({
    temperature: z.number().positive(),
    topK: count,
    topP: z.number().positive().max(1),
    repetitionPenalty: z.number().positive(),
  }),
  tables: z.object({ text: table, textPlace: table, sound: table, soundPlace: table, melScale: table }),
})
export type XttsManifest = z.infer<typeof manifest>

/** Throws `model.missing` or `model.corrupt`. */
export async function readManifest(path: string): Promise<XttsManifest> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new AppError("model.missing", "The model's description is not there.", {
      remedy: "Import the folder again.",
      cause,
    })
  })
  try {
    return manifest.parse(JSON.parse(text))
  } catch (cause) {
    throw corrupt("The model's description cannot be read.", cause)
  }
}

export interface XttsTable {
  rows: number
  columns: number
  row(index: number): Float32Array
}

/** The tables that are looked up outside of the graphs. Throws `model.corrupt`. */
export async function readTables(
  manifestPath: string,
  { tables }: XttsManifest,
): Promise<Record<keyof XttsManifest["tables"], XttsTable>> {
  const bytes = await readFile(join(dirname(manifestPath), "tables.bin")).catch((cause) => {
    throw corrupt("The model's tables are not there.", cause)
  })
  const open = ({ offset, rows, columns }: XttsManifest["tables"]["text"]): XttsTable => {
    const end = offset + rows * columns * 4
    if (end > bytes.length) throw corrupt("The model's tables are cut off.")
    // A copy: the place in the file need not be a multiple of four of the buffer's.
    const values = new Float32Array(Uint8Array.from(bytes.subarray(offset, end)).buffer)
    return {
      rows,
      columns,
      row(index) {
        if (index < 0 || index >= rows) throw corrupt("The model lacks a row of its tables.")
        return values.subarray(index * columns, (index + 1) * columns)
      },
    }
  }
  return {
    text: open(tables.text),
    textPlace: open(tables.textPlace),
    sound: open(tables.sound),
    soundPlace: open(tables.soundPlace),
    melScale: open(tables.melScale),
  }
}

const corrupt = (message: string, cause?: unknown): AppError =>
  new AppError("model.corrupt", message, {
    remedy: "Export the checkpoint again and import the folder.",
    ...(cause === undefined ? {} : { cause }),
  })
