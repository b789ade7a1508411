import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { createFolders, type Folders, type FoldersDeps } from "#rag/folders/folders.ts"
import type { Parser } from "#rag/parse/createParser.ts"
import type { Store } from "#store/types.ts"
import { createRagBench, type RagBench } from "./ragBench.ts"
import { createWordEmbedder } from "./wordEmbedder.ts"

export interface FolderBench {
  /** The real folder on the disk. */
  folder: string
  rag: RagBench
  store: Store
  folders: Folders
  /** Texts given to the embedder so far. */
  embedded: string[]
  /** Jobs that were started, as titles. */
  jobs: string[]
  put(path: string, text: string): Promise<string>
  /** As careful editors save: a new file beside it, renamed over it. */
  save(path: string, text: string): Promise<void>
  /** Hears of every change of documents and folders. */
  onEvent(listener: () => void): void
  /** Resolves when the check holds; looks at every event, never at the clock. */
  until(check: () => Promise<boolean>): Promise<void>
  /** Path below the folder, and its passages, of everything that search can return. */
  passages(): Promise<Record<string, string[]>>
  close(): Promise<void>
}

/** Watched folders over the real disk and the system's own notifications, with the memory store. */
export async function createFolderBench(
  options: Partial<Pick<FoldersDeps, "watch" | "tickMs">> & {
    store?: Store
    parser?: Parser
    folder?: string
    onEmbed?: (texts: string[]) => void
  } = {},
): Promise<FolderBench> {
  const own = await mkdtemp(join(tmpdir(), "zenglow-watched-"))
  const folder = options.folder ?? join(own, "notes")
  await mkdir(folder, { recursive: true })
  const listeners = new Set<() => void>()
  const publish = (): void => {
    for (const listener of [...listeners]) listener()
  }
  const embedded: string[] = []
  const rag = createRagBench({
    ...(options.store ? { store: options.store } : {}),
    ...(options.parser ? { parser: options.parser } : {}),
    embedder: createWordEmbedder({
      onEmbed(texts) {
        embedded.push(...texts)
        options.onEmbed?.(texts)
      },
    }),
    onDocument: publish,
  })
  const { store } = rag
  const jobs: string[] = []
  const running = new Map<string, AbortController>()
  const folders: Folders = createFolders({
    store,
    ingest: rag.ingest,
    collectionOfPath: async (actor, path) =>
      (await store.collections.findBySourcePath(actor, path)) ??
      (await store.collections.create(actor, { name: path, sourcePath: path })),
    async startJob(actor, { title, payload }) {
      const id = `job of ${payload.folderId}`
      if (!running.has(id)) {
        jobs.push(title)
        const controller = new AbortController()
        running.set(id, controller)
        void folders
          .runJob(actor, { id, folderId: payload.folderId }, publish, controller.signal)
          .catch(() => undefined)
          .finally(() => running.delete(id))
      }
      return { id }
    },
    cancelJob: async (_actor, id) => running.get(id)?.abort(new Error("cancelled")),
    onDeferred: () => {},
    onChange: publish,
    log: silentLogger,
    ...options,
  })
  const bench: FolderBench = {
    folder,
    rag,
    store,
    folders,
    embedded,
    jobs,
    async put(path, text) {
      const file = join(folder, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
      return file
    },
    async save(path, text) {
      const file = join(folder, path)
      await writeFile(`${file}.tmp`, text)
      await rename(`${file}.tmp`, file)
    },
    onEvent: (listener) => void listeners.add(listener),
    async until(check) {
      let wake = (): void => {}
      const listener = (): void => wake()
      listeners.add(listener)
      try {
        for (;;) {
          const heard = new Promise<void>((resolve) => {
            wake = resolve
          })
          if (await check()) return
          await heard
        }
      } finally {
        listeners.delete(listener)
      }
    },
    async passages() {
      const found: Record<string, string[]> = {}
      const { items } = await store.documents.list(ownerActor, { limit: 5000 })
      for (const document of items) {
        const chunks = await store.chunks.byDocument(ownerActor, document.id)
        if (chunks.length > 0) found[document.path.split("/").slice(1).join("/")] = chunks.map(({ text }) => text)
      }
      return Object.fromEntries(Object.entries(found).sort())
    },
    async close() {
      await folders.close()
      await rm(own, { recursive: true, force: true })
    },
  }
  return bench
}
