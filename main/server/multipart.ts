import { createWriteStream } from "node:fs"
import { mkdir, rm } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import { basename, join } from "node:path"
import { pipeline } from "node:stream/promises"
import busboy from "busboy"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { UploadedFile } from "./deps.ts"

export interface MultipartForm {
  /** Text fields. A name sent several times, or ending in `[]`, holds an array. */
  fields: Record<string, string | string[]>
  files: UploadedFile[]
  /** Deletes the temporary files. */
  remove(): Promise<void>
}

const maxFiles = 5000
const maxFields = 100
const maxFieldBytes = 2 * 1024 * 1024

/** Reads `multipart/form-data` into files under `directory`. Throws `request.*`; nothing is left behind then. */
export async function readMultipart(
  request: IncomingMessage,
  options: { directory: string; maxFileBytes: number },
): Promise<MultipartForm> {
  const parser = openParser(request, options.maxFileBytes)
  const folder = join(options.directory, newId())
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const fields: Record<string, string | string[]> = {}
  const files: UploadedFile[] = []
  const writes: Promise<void>[] = []
  let failure: AppError | undefined
  const tooLarge = (what: string): void => {
    failure ??= new AppError("request.too-large", `The form has ${what}.`, { remedy: "Send less at once." })
  }

  parser.on("file", (_field, stream, info) => {
    const file = { path: join(folder, String(files.length)), name: safeName(info.filename), sizeBytes: 0 }
    files.push(file)
    stream.on("data", (chunk: Buffer) => {
      file.sizeBytes += chunk.length
    })
    stream.on("limit", () => tooLarge(`a file larger than ${Math.floor(options.maxFileBytes / 1024 / 1024)} MiB`))
    const write = pipeline(stream, createWriteStream(file.path, { mode: 0o600 }))
    // A broken form destroys the stream; the parser's own error says why.
    write.catch(() => undefined)
    writes.push(write)
  })
  parser.on("field", (name, value, info) => {
    if (info.valueTruncated || info.nameTruncated) return tooLarge("a field that is too long")
    const previous = Object.hasOwn(fields, name) ? fields[name] : undefined
    const isList = name.endsWith("[]") || previous !== undefined
    const next = isList ? [...(previous === undefined ? [] : [previous].flat()), value] : value
    Object.defineProperty(fields, name, { value: next, enumerable: true, configurable: true, writable: true })
  })
  parser.on("filesLimit", () => tooLarge(`more than ${maxFiles} files`))
  parser.on("fieldsLimit", () => tooLarge(`more than ${maxFields} fields`))
  parser.on("partsLimit", () => tooLarge("too many parts"))

  try {
    await pipeline(request, parser)
    await Promise.all(writes)
  } catch (cause) {
    await Promise.allSettled(writes)
    await remove()
    throw malformed(cause)
  }
  if (failure) {
    await remove()
    throw failure
  }
  return { fields, files, remove }
}

function openParser(request: IncomingMessage, maxFileBytes: number): busboy.Busboy {
  if (!/^multipart\/form-data\s*;/i.test(request.headers["content-type"] ?? ""))
    throw new AppError("request.unsupported-media", "This route takes multipart/form-data.", {
      remedy: "Send the file as a form field.",
    })
  try {
    return busboy({
      headers: request.headers,
      defParamCharset: "utf8",
      limits: {
        fileSize: maxFileBytes,
        files: maxFiles,
        fields: maxFields,
        parts: maxFiles + maxFields,
        fieldSize: maxFieldBytes,
        fieldNameSize: 200,
        headerPairs: 20,
      },
    })
  } catch (cause) {
    throw malformed(cause)
  }
}

const malformed = (cause: unknown): AppError =>
  new AppError("request.malformed", "The form could not be read.", {
    remedy: "Send complete multipart/form-data with a boundary.",
    cause,
  })

/**
 * The last part of a name from either kind of system, without control characters. Browsers write a quotation mark and line ends in
 * percent, and nothing else. Source: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 */
function safeName(name: string | undefined): string {
  const written = (name ?? "").replace(/%(22|0D|0A)/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  const last = basename(written.replaceAll("\\", "/"))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed.
  const clean = last.replace(/[\u0000-\u001f\u007f]/g, "").slice(-200)
  return clean === "" || clean === "." || clean === ".." ? "file" : clean
}
