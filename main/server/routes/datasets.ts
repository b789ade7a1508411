import { Readable } from "node:stream"
import { createGzip } from "node:zlib"
import type { datasetRoutes } from "#contract/datasets.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

const contentType = "application/x-ndjson"

export const datasetHandlers = ({ datasets }: Pick<ServerDeps, "datasets">): HandlersFor<typeof datasetRoutes> => ({
  "GET /api/datasets": async (_, { actor }) => ({ items: await datasets.list(actor) }),
  "POST /api/datasets/preview": ({ body }, { actor, signal }) => datasets.preview(actor, body, signal),
  "POST /api/datasets": ({ body: { consent: _, ...recipe } }, { actor }) => datasets.start(actor, recipe),
  "GET /api/datasets/:id": ({ params }, { actor }) => datasets.get(actor, params.id),
  "GET /api/datasets/:id/file": async ({ params }, { actor }) => {
    const { manifest } = await datasets.get(actor, params.id)
    const fileName = `${manifest.dataset}-v${manifest.version}.jsonl`
    return { contentType, body: await datasets.read(actor, params.id, null), fileName }
  },
  "GET /api/datasets/:id/diff": ({ params, query }, { actor }) => datasets.diff(actor, params.id, query.before),
  "DELETE /api/datasets/:id": async ({ params }, { actor }) => {
    await datasets.delete(actor, params.id)
    return { ok: true }
  },
  "GET /dataset/manifest": async ({ query }, { actor }) => {
    const manifest = await datasets.newest(actor, query.name)
    return { ...manifest, packed: false, manifest }
  },
  "GET /dataset/stream": async ({ query }, { actor, header, setStatus, setHeader }) => {
    const { id, dataset, sha256, size_bytes: size } = await datasets.newest(actor, query.name)
    const etag = `"${sha256}"`
    setHeader("etag", etag)
    setHeader("x-dataset-name", encodeURIComponent(dataset))
    setHeader("accept-ranges", "bytes")
    setHeader("vary", "accept-encoding")
    // A range of another version would be glued to the wrong beginning: then the whole new one comes.
    const isSame = [null, etag].includes(header("if-range"))
    const range = isSame ? rangeOf(header("range"), size) : null
    if (range) {
      setStatus(206)
      setHeader("content-range", `bytes ${range.start}-${range.end}/${size}`)
      setHeader("content-length", String(range.end - range.start + 1))
      return { contentType, body: await datasets.read(actor, id, range) }
    }
    const body = await datasets.read(actor, id, null)
    if (/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/i.test(header("accept-encoding") ?? "")) {
      setHeader("content-encoding", "gzip")
      return { contentType, body: Readable.from(body).pipe(createGzip()) }
    }
    setHeader("content-length", String(size))
    return { contentType, body }
  },
})

/** One range of bytes (RFC 9110); several, or one in other units, mean the whole. Throws `dataset.bad-range` beyond the end. */
function rangeOf(header: string | null, size: number): { start: number; end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "")
  if (!match || (match[1] === "" && match[2] === "")) return null
  const [first = "", last = ""] = [match[1], match[2]]
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size || start > end)
    throw new AppError("dataset.bad-range", `The file has ${size} bytes.`, { remedy: "Ask for a range within it." })
  return { start, end }
}
