import { createReadStream } from "node:fs"
import { readdir } from "node:fs/promises"
import { join, relative, sep } from "node:path"
import type { ErasureProof } from "#contract/pii.ts"

/** Folders that hold nothing of anybody: models, and what has its own line in the proof. */
const unread = new Set(["models", "backups"])
const overlapBytes = 1024

/**
 * Reads every file of the data directory and looks for pieces of what was erased, as UTF-8, as UTF-16 and as JSON writes them. It looks at bytes, so it
 * finds what the database no longer shows: deleted rows in free pages, words in an index, the log beside the file.
 */
export async function searchResidue(
  dataDir: string,
  pieces: readonly string[],
  signal: AbortSignal,
): Promise<Pick<ErasureProof, "searched" | "filesRead" | "bytesRead" | "residue">> {
  const needles = [...new Set(pieces)].flatMap((piece) => [
    Buffer.from(piece, "utf8"),
    Buffer.from(piece, "utf16le"),
    Buffer.from(JSON.stringify(piece).slice(1, -1), "utf8"),
  ])
  const proof = { searched: new Set(pieces).size, filesRead: 0, bytesRead: 0, residue: [] as string[] }
  for await (const file of filesOf(dataDir)) {
    signal.throwIfAborted()
    let tail = Buffer.alloc(0)
    let isFound = false
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024, signal })) {
        const bytes = Buffer.concat([tail, chunk as Buffer])
        proof.bytesRead += (chunk as Buffer).byteLength
        isFound ||= needles.some((needle) => bytes.includes(needle))
        tail = bytes.subarray(-overlapBytes)
      }
      proof.filesRead++
    } catch (error) {
      signal.throwIfAborted()
      // A file may go while it is looked for; one that may not be read is told.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") isFound = true
    }
    if (isFound) proof.residue.push(relative(dataDir, file).split(sep).join("/"))
  }
  return proof
}

/**
 * What to look for: of each text up to four runs of words of 24 to 200 characters, spread over it. Shorter texts are too common to prove anything.
 */
export function piecesOf(texts: Iterable<string>): string[] {
  const pieces: string[] = []
  for (const text of texts) {
    const runs = text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line.length >= 24)
    const step = Math.max(1, Math.floor(runs.length / 4))
    for (let n = 0; n < runs.length && pieces.length < maxPieces; n += step) pieces.push((runs[n] ?? "").slice(0, 200))
  }
  return pieces
}
const maxPieces = 400

async function* filesOf(dir: string, isRoot = true): AsyncGenerator<string> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      if (!isRoot || !unread.has(entry.name)) yield* filesOf(join(dir, entry.name), false)
    } else if (entry.isFile() && !(isRoot && entry.name === "core.lock")) yield join(dir, entry.name)
  }
}
