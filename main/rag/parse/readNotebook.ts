import type { ReadDocument } from "./contract.ts"
import { cleanText, decodeText } from "./readText.ts"
import { damagedFile } from "./unpackZip.ts"

type Json = { [name: string]: unknown }

/** Characters kept of one output: logs of thousands of lines say the same at their beginning. */
const longestOutput = 4000

/** A Jupyter notebook: text cells, code, and the text of its outputs. Pictures and rich output are left out. */
export function readNotebook(bytes: Uint8Array): ReadDocument {
  const notebook = objectOf(parse(bytes))
  const worksheet = objectOf(arrayOf(notebook.worksheets)[0])
  const cells = Array.isArray(notebook.cells) ? notebook.cells : arrayOf(worksheet.cells)
  if (!Array.isArray(notebook.cells) && cells.length === 0) throw damagedFile("ipynb")
  const metadata = objectOf(notebook.metadata)
  const language = String(objectOf(metadata.kernelspec).language ?? objectOf(metadata.language_info).name ?? "python")
  const blocks: string[] = []
  for (const entry of cells) {
    const cell = objectOf(entry)
    const source = linesOf(cell.source ?? cell.input)
    if (source.trim() === "") continue
    if (cell.cell_type !== "code") {
      blocks.push(source)
      continue
    }
    blocks.push(fence(source, /^[\w+#-]{1,20}$/.test(language) ? language : ""))
    const outputs = arrayOf(cell.outputs).map(outputText).filter(Boolean)
    if (outputs.length > 0) blocks.push(`Output:\n\n${fence(outputs.join("\n"), "")}`)
  }
  const title = typeof metadata.title === "string" ? metadata.title : null
  return { text: cleanText(blocks.join("\n\n")), title, pages: [], pageCount: null }
}

function outputText(entry: unknown): string {
  const output = objectOf(entry)
  const data = objectOf(output.data)
  const text =
    output.output_type === "error" || output.output_type === "pyerr"
      ? `${String(output.ename ?? "Error")}: ${String(output.evalue ?? "")}`
      : linesOf(output.text ?? data["text/markdown"] ?? data["text/plain"])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of terminals begin with one.
  const plain = text.replace(/\u001b\[[\d;]*m/g, "").trim()
  return plain.length > longestOutput ? `${plain.slice(0, longestOutput)} …` : plain
}

/** A fence longer than any inside. */
function fence(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/^`{3,}/gm)].map(([marks]) => marks.length))
  const marks = "`".repeat(longest + 1)
  return `${marks}${language}\n${text.trimEnd()}\n${marks}`
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(bytes).replace(/^\uFEFF/, ""))
  } catch (cause) {
    throw damagedFile("ipynb", cause)
  }
}

const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}
const arrayOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const linesOf = (value: unknown): string =>
  Array.isArray(value) ? value.map(String).join("") : typeof value === "string" ? value : ""
