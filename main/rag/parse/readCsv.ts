import Papa from "papaparse"
import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { gridBlocks } from "./markdownTable.ts"
import { cleanText, decodeText } from "./readText.ts"

const largestBytes = 40 * 1024 * 1024

/** A table of any usual delimiter and encoding; the first row names the columns when it holds words. */
export function readCsv(bytes: Uint8Array): ReadDocument {
  if (bytes.byteLength > largestBytes) {
    throw new AppError("document.too-large", "The table is larger than 40 MB.", {
      remedy: "Split it into smaller files.",
    })
  }
  const text = cleanText(decodeText(bytes))
  const { data } = Papa.parse<string[]>(text, { delimiter: delimiterOf(text), skipEmptyLines: false })
  return { text: gridBlocks(data).join("\n\n"), title: null, pages: [], pageCount: null }
}

/** Excel writes the delimiter into the first line; else the one that cuts the first lines into equally many columns. */
function delimiterOf(text: string): string {
  const written = /^sep=(.)\n/i.exec(text)?.[1]
  if (written) return written
  const sample = text.slice(0, 20_000)
  const lines = sample.split("\n").filter((line) => line.trim() !== "")
  const scores = [",", ";", "\t", "|"].map((delimiter) => {
    const counts = Papa.parse<string[]>(sample, { delimiter, preview: Math.min(20, lines.length) }).data.map(
      (row) => row.length,
    )
    const widest = Math.max(1, ...counts)
    const equal = counts.filter((count) => count === widest).length / Math.max(1, counts.length)
    return { delimiter, score: widest > 1 ? equal * Math.log2(1 + widest) : 0 }
  })
  return scores.sort((a, b) => b.score - a.score)[0]?.delimiter ?? ","
}
