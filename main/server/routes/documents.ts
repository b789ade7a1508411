import { z } from "zod"
import type { Document, documentRoutes } from "#contract/documents.ts"
import { rulesOf } from "#core/access.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps, UploadedFile } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const documentHandlers = ({
  collections,
  documents,
}: Pick<ServerDeps, "collections" | "documents">): HandlersFor<typeof documentRoutes> => ({
  "GET /api/collections": async (_input, { actor }) => ({ items: await collections.list(actor) }),
  "POST /api/collections": async ({ body }, { actor }) => {
    if (body.sharing && body.sharing.audience !== "private" && !rulesOf(actor).shares)
      throw new AppError("access.denied", "Only grown-ups of the household show things to others.", {
        remedy: "Make it private.",
      })
    return await collections.create(actor, body)
  },
  "PATCH /api/collections/:id": ({ params, body }, { actor }) => collections.rename(actor, params.id, body.name),
  "PUT /api/collections/:id/leaving": ({ params, body }, { actor }) =>
    collections.setLeaving(actor, params.id, body.mayLeave),
  "DELETE /api/collections/:id": async ({ params }, { actor }) => {
    await collections.delete(actor, params.id)
    return { ok: true }
  },
  "GET /api/documents": async ({ query }, { actor }) => {
    const page = await documents.list(actor, query)
    return { items: page.items.map(publicDocument), next: page.next }
  },
  "GET /api/documents/:id": async ({ params }, { actor }) => publicDocument(await documents.get(actor, params.id)),
  "GET /api/documents/:id/source": ({ params, query }, { actor }) =>
    documents.source(actor, params.id, query.chunk ?? null),
  "DELETE /api/documents/:id": async ({ params }, { actor }) => {
    await documents.delete(actor, params.id)
    return { ok: true }
  },
  "PATCH /api/documents/:id": async ({ params, body }, { actor }) =>
    publicDocument(await documents.setTags(actor, params.id, body.tags)),
  "POST /api/documents/:id/reindex": ({ params }, { actor }) => documents.reindex(actor, params.id),
  "POST /api/documents/upload": ({ body }, { actor, files }) =>
    documents.upload(actor, withPaths(files, body.paths), body.collectionId ?? null),
  "POST /api/documents/add-page": ({ body }, { actor }) =>
    documents.addPage(actor, body.url, body.collectionId ?? null),
  "GET /api/documents/:id/sound": ({ params }, { actor }) => documents.sound(actor, params.id),
  "GET /api/documents/:id/picture": ({ params }, { actor }) => documents.picture(actor, params.id),
  "POST /api/documents/add-path": ({ body }, { actor }) =>
    documents.addPath(actor, body.path, body.collectionId ?? null),
})

/** Only what the contract names: a stored row also holds the file's absolute path. */
const publicDocument = (row: Document): Document => ({
  id: row.id,
  collectionId: row.collectionId,
  title: row.title,
  path: row.path,
  kind: row.kind,
  sizeBytes: row.sizeBytes,
  pageCount: row.pageCount,
  charCount: row.charCount,
  chunkCount: row.chunkCount,
  stage: row.stage,
  status: row.status,
  hasVectors: row.hasVectors,
  error: row.error,
  url: row.url ?? null,
  datedAt: row.datedAt ?? null,
  tags: row.tags,
  folderId: row.folderId,
  isAway: row.isAway,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
})

const pathList = z.array(z.string().max(4096)).max(5000)

/** `paths` is a JSON array in the order of the files. Each must stay below the dropped folder. */
function withPaths(files: UploadedFile[], text: string | undefined): (UploadedFile & { relativePath: string })[] {
  const invalid = (message: string): AppError =>
    new AppError("request.invalid", message, { remedy: "Send `paths` as a JSON array, one path per file." })
  if (files.length === 0) throw invalid("The form has no file.")
  if (text === undefined) return files.map((file) => ({ ...file, relativePath: file.name }))
  const paths = pathList.safeParse(parseJson(text))
  if (!paths.success || paths.data.length !== files.length) throw invalid("`paths` does not match the files.")
  return files.map((file, index) => {
    const segments = (paths.data[index] ?? "").replaceAll("\\", "/").split("/").filter(Boolean)
    const isInside =
      segments.length > 0 && !segments.some((part) => part === "." || part === ".." || part.includes(":"))
    if (!isInside || segments.join("").includes("\0")) throw invalid("A path leaves the dropped folder.")
    return { ...file, relativePath: segments.join("/") }
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
