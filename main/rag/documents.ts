import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { copyFile, mkdir, open, readdir, realpath, rm, stat, writeFile } from "node:fs/promises"
import { basename, extname, join, resolve, sep } from "node:path"
import type { Collection, Document, DocumentSource } from "#contract/documents.ts"
import type { Job } from "#contract/jobs.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { DocumentRecord, Page, Store } from "#store/types.ts"
import type { IngestPayload } from "./ingest.ts"
import { parseAddress } from "./pages/fetchPage.ts"
import { pictureType } from "./parse/pictures/pictureHeader.ts"

export interface DocumentsDeps {
  store: Pick<Store, "documents" | "chunks" | "collections" | "settings">
  /** Where copies of uploaded files are kept. */
  uploadsDir: string
  /** The documents that come with the product. */
  sampleDir: string
  /** Queues a job of the kind `ingest`; resolves once it is stored. */
  startJob: (
    actor: Actor,
    job: Pick<Job, "kind" | "title" | "unit" | "subjectId"> & { payload: IngestPayload },
  ) => Promise<{ id: string }>
}

export interface UploadedDocument {
  /** Where its bytes lie now; they are copied. */
  path: string
  /** Path below a dropped folder, or the file's name. */
  relativePath: string
}

type Started = { jobId: string; collectionId: string }

/** What a person does with documents: add, look at, read again, remove. */
export interface Documents {
  list(
    actor: Actor,
    query: { collectionId?: string; status?: Document["status"]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Document>>
  get(actor: Actor, id: string): Promise<Document>
  source(actor: Actor, id: string, chunkId: string | null): Promise<DocumentSource>
  delete(actor: Actor, id: string): Promise<void>
  /** Removes the kept uploads of a collection that was deleted. */
  forgetCollection(collectionId: string): Promise<void>
  /** Replaces the document's tags. */
  setTags(actor: Actor, id: string, tags: string[]): Promise<Document>
  reindex(actor: Actor, id: string): Promise<{ jobId: string }>
  /** Null collection: "My documents". */
  upload(actor: Actor, files: readonly UploadedDocument[], collectionId: string | null): Promise<Started>
  /** Null collection: the one that belongs to this path, made when it is new. */
  addPath(actor: Actor, path: string, collectionId: string | null): Promise<Started>
  /** Throws `page.refused` for what is no web address; what happens on the way to the page is told on its row. */
  addPage(actor: Actor, address: string, collectionId: string | null): Promise<Started>
  /** The recording of a document. Throws `document.unsupported` for all others. */
  sound(actor: Actor, id: string): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }>
  /** The picture a document was read from. Throws `document.unsupported` for all others. */
  picture(actor: Actor, id: string): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }>
  addText(actor: Actor, text: string, title: string | null, collectionId: string | null): Promise<Started>
  /** The collection that belongs to a path, made when it is new. */
  collectionOfPath(actor: Actor, real: string): Promise<Collection>
  /** Makes the sample collection on the first start; never again, also when it was deleted. */
  ensureSampleCollection(actor: Actor): Promise<Collection | null>
}

/** Recordings by extension, as browsers know them. */
const soundTypes: Record<string, string> = {
  mp3: "audio/mpeg",
  wav: "audio/wav",
  flac: "audio/flac",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  opus: "audio/ogg",
  m4a: "audio/mp4",
  aac: "audio/aac",
  webm: "audio/webm",
}

/** By the bytes it begins with now: nothing else is sent to a browser as a picture. */
async function pictureTypeOf(filePath: string): Promise<string | null> {
  try {
    const file = await open(filePath)
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(32), 0, 32, 0)
      return pictureType(buffer.subarray(0, bytesRead))
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new AppError("document.unreadable", "The picture is no longer where it was.", {
      remedy: "Add it again.",
      cause,
    })
  }
}

const defaultName = "My documents"
const sampleName = "Sample household"
const sampleSetting = "documents.sampleMade"

export function createDocuments(deps: DocumentsDeps): Documents {
  const { store, uploadsDir, startJob } = deps

  const ingest = async (
    actor: Actor,
    title: string,
    payload: IngestPayload,
    collectionId: string,
  ): Promise<Started> => {
    const job = await startJob(actor, { kind: "ingest", title, unit: "files", subjectId: collectionId, payload })
    return { jobId: job.id, collectionId }
  }

  async function collectionFor(actor: Actor, id: string | null): Promise<Collection> {
    if (id !== null) {
      const collection = await store.collections.get(actor, id)
      if (collection.sharedBy) throw notTheirs()
      return collection
    }
    return (
      (await store.collections.findByName(actor, defaultName)) ?? store.collections.create(actor, { name: defaultName })
    )
  }

  /** The same listed path always has the same place, so that a newer upload replaces the older one. */
  async function uploadPath(collectionId: string, relativePath: string): Promise<string> {
    const folder = join(uploadsDir, collectionId)
    await mkdir(folder, { recursive: true })
    const name = createHash("sha256").update(relativePath).digest("hex").slice(0, 32)
    const extension = extname(relativePath).toLowerCase()
    return join(folder, `${name}${/^\.[a-z0-9]{1,10}$/.test(extension) ? extension : ""}`)
  }

  return {
    async list(actor, query) {
      const page = await store.documents.list(actor, query)
      return { items: page.items.map(toPublic), next: page.next }
    },
    async get(actor, id) {
      return toPublic(await store.documents.get(actor, id))
    },
    async source(actor, id, chunkId) {
      const document = await store.documents.get(actor, id)
      const { text, pages, times = [] } = await store.documents.text(actor, id)
      const chunk = chunkId === null ? null : await store.chunks.get(actor, chunkId)
      const highlight =
        chunk && chunk.documentId === id
          ? { chunkId: chunk.id, start: chunk.start, end: chunk.end, page: chunk.page }
          : null
      const { title, path, kind, url = null, datedAt = null, updatedAt } = document
      return { documentId: id, title, path, kind, text, highlight, pages, times, url, datedAt, updatedAt }
    },
    async delete(actor, id) {
      const { filePath } = await store.documents.get(actor, id)
      await store.documents.delete(actor, id)
      if (filePath?.startsWith(resolve(uploadsDir) + sep)) await rm(filePath, { force: true })
    },
    async forgetCollection(collectionId) {
      const folder = resolve(uploadsDir, collectionId)
      if (folder.startsWith(resolve(uploadsDir) + sep)) await rm(folder, { recursive: true, force: true })
    },
    async setTags(actor, id, tags) {
      return toPublic(await store.documents.setTags(actor, id, tags))
    },
    async reindex(actor, id) {
      const document = await store.documents.get(actor, id)
      if (document.isShared) throw notTheirs()
      const payload: IngestPayload = { type: "document", documentId: id }
      return { jobId: (await ingest(actor, document.title, payload, document.collectionId)).jobId }
    },
    async upload(actor, files, collectionId) {
      const collection = await collectionFor(actor, collectionId)
      const kept: { filePath: string; relativePath: string }[] = []
      for (const file of files) {
        const relativePath = listedPath(file.relativePath)
        const filePath = await uploadPath(collection.id, relativePath)
        await copyFile(file.path, filePath)
        kept.push({ filePath, relativePath })
      }
      const first = kept[0]?.relativePath.split("/")
      const title = kept.length === 1 || (first?.length ?? 0) > 1 ? (first?.[0] ?? "") : `${kept.length} files`
      return ingest(actor, title, { type: "files", collectionId: collection.id, files: kept }, collection.id)
    },
    async addPage(actor, address, collectionId) {
      const url = parseAddress(address).href
      const collection = await collectionFor(actor, collectionId)
      return ingest(actor, url, { type: "page", collectionId: collection.id, url }, collection.id)
    },
    async sound(actor, id) {
      const { filePath, kind, path } = await store.documents.get(actor, id)
      const contentType = kind === "audio" ? soundTypes[extname(path).slice(1).toLowerCase()] : undefined
      if (filePath === null || contentType === undefined) {
        throw new AppError("document.unsupported", "The document is no recording.", {
          remedy: "Read its text instead.",
        })
      }
      await stat(filePath).catch((cause) => {
        throw new AppError("document.unreadable", "The recording is no longer where it was.", {
          remedy: "Add it again.",
          cause,
        })
      })
      return { contentType, body: createReadStream(filePath) }
    },
    async picture(actor, id) {
      const { filePath, kind } = await store.documents.get(actor, id)
      const contentType = filePath !== null && kind === "image" ? await pictureTypeOf(filePath) : null
      if (filePath === null || contentType === null) {
        throw new AppError("document.unsupported", "The document is no picture.", {
          remedy: "Read its text instead.",
        })
      }
      return { contentType, body: createReadStream(filePath) }
    },
    async addPath(actor, path, collectionId) {
      const real = await realpath(path).catch((cause) => {
        throw new AppError("document.unreadable", "The path does not exist or may not be read.", {
          remedy: "Check the path.",
          cause,
        })
      })
      await stat(real)
      const collection =
        collectionId === null ? await collectionOfPath(actor, real) : await collectionFor(actor, collectionId)
      return ingest(actor, basename(real), { type: "path", collectionId: collection.id, path: real }, collection.id)
    },
    async addText(actor, text, title, collectionId) {
      const collection = await collectionFor(actor, collectionId)
      const hash = createHash("sha256").update(text).digest("hex").slice(0, 8)
      const relativePath = `${listedPath(title ?? `Note ${hash}`).replaceAll("/", "-")}.md`
      const filePath = await uploadPath(collection.id, relativePath)
      await writeFile(filePath, title ? `# ${title}\n\n${text}` : text)
      const files = [{ filePath, relativePath }]
      return ingest(actor, relativePath, { type: "files", collectionId: collection.id, files }, collection.id)
    },
    collectionOfPath,
    async ensureSampleCollection(actor) {
      const settings = await store.settings.all(actor)
      if (settings[sampleSetting] === true) return null
      const names = (await readdir(deps.sampleDir)).filter((name) => name.endsWith(".md")).sort()
      const existing = (await store.collections.list(actor)).find((known) => known.isSample)
      const collection =
        existing ??
        (await store.collections.create(actor, {
          name: sampleName,
          isSample: true,
          sharing: { audience: "household", personIds: [] },
        }))
      const files = names.map((name) => ({ filePath: join(deps.sampleDir, name), relativePath: name }))
      await ingest(actor, sampleName, { type: "files", collectionId: collection.id, files }, collection.id)
      await store.settings.set(actor, { [sampleSetting]: true })
      return collection
    },
  }

  async function collectionOfPath(actor: Actor, real: string): Promise<Collection> {
    const known = await store.collections.findBySourcePath(actor, real)
    if (known) return known
    const name = basename(real) || "Documents"
    let free = name
    for (let number = 2; await store.collections.findByName(actor, free); number++) free = `${name} (${number})`
    return store.collections.create(actor, { name: free, sourcePath: real })
  }
}

const notTheirs = (): AppError =>
  new AppError("access.denied", "It is shared with you to read and ask, and belongs to somebody else.", {
    remedy: "Ask them to change it, or add it to a collection of your own.",
  })

/** A path that is only shown: no drive, no leading slash, no way up, nothing unprintable. */
function listedPath(path: string): string {
  const parts = path
    .replaceAll("\\", "/")
    .split("/")
    .map((part) => part.replace(/\p{Cc}/gu, "").trim())
    .filter((part) => part !== "" && part !== "." && part !== ".." && !/^[a-z]:$/i.test(part))
  return parts.join("/").slice(-500) || "document"
}

function toPublic({ filePath: _, contentHash: __, ...document }: DocumentRecord): Document {
  return document
}
