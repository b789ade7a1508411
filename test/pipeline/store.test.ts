import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Message } from "#contract/conversations.ts"
import type { FeedbackKind } from "#contract/feedback.ts"
import type { Actor } from "#core/actor.ts"
import { ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { repositoryMethods } from "#store/sqlite/repositoryMethods.ts"
import type { NewChunk, Store } from "#store/types.ts"

const stranger: Actor = { personId: "stranger", scopes: ["owner"] }

let time = 1_700_000_000_000
const clock: Clock = { now: () => ++time, monotonic: () => time }

const kinds: [string, () => Promise<{ store: Store; remove: () => Promise<void> }>][] = [
  ["memory", async () => ({ store: createMemoryStore({ clock }), remove: async () => {} })],
  [
    "sqlite",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "zenglow-store-"))
      const file = join(directory, "zenglow.sqlite")
      const store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger, clock })
      return { store, remove: () => rm(directory, { recursive: true, force: true }) }
    },
  ],
]

const chunk = (ordinal: number, text: string, headingPath: string[] = []): NewChunk => ({
  ordinal,
  text,
  headingPath,
  page: null,
  start: ordinal * 100,
  end: ordinal * 100 + text.length,
  tokenCount: 5,
})
const newFolder = (collectionId: string, path: string, name: string) => ({
  collectionId,
  path,
  name,
  excludes: ["*.log"],
  followsGitignore: true,
  maxFileBytes: 1000,
})
const vector = (...values: number[]) => Float32Array.from(values)
const scoring = {
  scoring_version: "1",
  feature_schema_version: "1",
  ranking: { version: "1", bias: 0, weights: { bm25: 0.5 } },
  fusion_weights: { ltr: 0.6, conceptual: 0.4 },
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )

describe.each(kinds)("the %s store", (_name, open) => {
  let store: Store
  let remove: () => Promise<void>
  beforeEach(async () => {
    ;({ store, remove } = await open())
  })
  afterEach(async () => {
    await store.close()
    await remove()
  })

  const question = (conversationId: string, text: string, parentId: string | null = null) =>
    store.messages.append(ownerActor, { conversationId, parentId, role: "user", text, kind: "text" })

  async function addDocument(
    actor: Actor,
    collectionId: string,
    path: string,
    chunks: NewChunk[],
    vectors: Float32Array[] | null = null,
  ) {
    const { document } = await store.documents.upsert(actor, {
      collectionId,
      title: path.replace(/\.\w+$/, ""),
      path,
      kind: "md",
      sizeBytes: 10,
      filePath: `/files/${path}`,
      contentHash: `hash of ${path}`,
    })
    await store.documents.writeContent(actor, document.id, {
      text: chunks.map(({ text }) => text).join("\n"),
      pages: [{ page: 1, start: 0 }],
      pageCount: 1,
      chunks,
      vectors,
      fingerprint: vectors ? "space-a" : null,
    })
    return store.documents.get(actor, document.id)
  }

  describe("documents of a watched folder", () => {
    const lexical = async (term: string) =>
      (await store.chunks.searchLexical(ownerActor, { terms: [term], collectionIds: null, limit: 5 })).map(
        ({ chunk }) => `${chunk.documentPath}: ${chunk.text}`,
      )
    const near = async () =>
      (
        await store.chunks.searchVector(ownerActor, {
          vector: vector(1, 0, 0),
          fingerprint: "space-a",
          collectionIds: null,
          limit: 5,
        })
      ).map(({ chunk }) => chunk.id)
    const note = (collectionId: string, path: string, contentHash: string, folderId?: string) =>
      store.documents.upsert(ownerActor, {
        collectionId,
        title: path,
        path,
        kind: "md",
        sizeBytes: 1,
        filePath: `/files/${path}`,
        contentHash,
        fileStamp: `stamp of ${contentHash}`,
        ...(folderId ? { folderId } : {}),
      })

    it("leave the search the moment other bytes are noted, and unchanged passages come back under their ids", async () => {
      const { id: collectionId } = await store.collections.create(ownerActor, { name: "Watched" })
      const chunks = [chunk(0, "walrus one"), chunk(1, "walrus two")]
      const document = await addDocument(ownerActor, collectionId, "a.md", chunks, [vector(1, 0, 0), vector(0, 1, 0)])
      const before = await store.chunks.byDocument(ownerActor, document.id)
      await note(collectionId, "a.md", "other bytes")
      expect(await lexical("walrus")).toEqual([])
      expect(await near()).toEqual([])
      expect(await store.documents.get(ownerActor, document.id)).toMatchObject({ status: "queued", chunkCount: 0 })
      expect((await store.documents.text(ownerActor, document.id)).text).toBe("")
      expect((await store.check("full")).problems).toEqual([])
      const content = {
        text: "",
        pages: [],
        pageCount: null,
        vectors: null,
        fingerprint: null,
        contentHash: "other bytes",
      }
      const again = [chunk(0, "walrus three"), chunk(1, "walrus two")]
      expect(await store.documents.writeContent(ownerActor, document.id, { ...content, chunks: again })).toBe(true)
      const after = await store.chunks.byDocument(ownerActor, document.id)
      expect(after.map(({ text }) => text)).toEqual(["walrus three", "walrus two"])
      expect(after[1]?.id).toBe(before[1]?.id)
      expect(before.map(({ id }) => id)).not.toContain(after[0]?.id)
    })

    it("are never written with what was made of older bytes, nor failed by it", async () => {
      const { id: collectionId } = await store.collections.create(ownerActor, { name: "Watched" })
      const { document } = await note(collectionId, "a.md", "first")
      await note(collectionId, "a.md", "second")
      const content = { text: "old", pages: [], pageCount: null, chunks: [chunk(0, "old walrus")], vectors: null }
      const late = { ...content, fingerprint: null, contentHash: "first" }
      expect(await store.documents.writeContent(ownerActor, document.id, late)).toBe(false)
      await store.documents.setStage(ownerActor, document.id, "parse", "failed", null, "first")
      expect(await lexical("walrus")).toEqual([])
      expect((await store.documents.get(ownerActor, document.id)).status).toBe("queued")
    })

    it("move with their ids, passages and vectors, and are found by their new title", async () => {
      const { id: collectionId } = await store.collections.create(ownerActor, { name: "Watched" })
      const folder = await store.folders.create(ownerActor, newFolder(collectionId, "/files", "files"))
      const moved = await addDocument(ownerActor, collectionId, "alpha.md", [chunk(0, "walrus")], [vector(1, 0, 0)])
      await addDocument(ownerActor, collectionId, "b.md", [chunk(0, "seal")])
      const ids = await near()
      await store.documents.move(ownerActor, moved.id, {
        path: "b.md",
        filePath: "/files/b.md",
        title: "beta",
        fileStamp: "s",
        folderId: folder.id,
      })
      expect(await store.documents.get(ownerActor, moved.id)).toMatchObject({
        path: "b.md",
        title: "beta",
        fileStamp: "s",
        folderId: folder.id,
        isAway: false,
        status: "ready",
      })
      expect(await near()).toEqual(ids)
      expect([await lexical("alpha"), await lexical("beta"), await lexical("seal")]).toEqual([[], ["b.md: walrus"], []])
      expect((await store.check("full")).problems).toEqual([])
    })

    it("are told apart by folder and path, and marked while their folder cannot be reached", async () => {
      const { id: collectionId } = await store.collections.create(ownerActor, { name: "Watched" })
      const folder = await store.folders.create(ownerActor, newFolder(collectionId, "/files", "files"))
      expect(folder).toMatchObject({ excludes: ["*.log"], isPaused: false, isReachable: true, identity: null })
      await expect(codeOf(store.folders.create(ownerActor, newFolder(collectionId, "/files", "x")))).resolves.toBe(
        "request.conflict",
      )
      for (const path of ["a/b.md", "a/c.md", "a.md", "ab/c.md"]) await note(collectionId, path, path, folder.id)
      const below = async (path: string | null) =>
        (await store.folders.documents(ownerActor, folder.id, path, "/")).map((each) => each.path).sort()
      expect(await below(null)).toEqual(["a.md", "a/b.md", "a/c.md", "ab/c.md"])
      expect(await below("/files/a")).toEqual(["a/b.md", "a/c.md"])
      expect(await below("/files/a.md")).toEqual(["a.md"])
      const [first] = (await store.documents.list(ownerActor, { limit: 9 })).items
      const error = { code: "document.empty", message: "Empty." }
      await store.documents.setStage(ownerActor, first?.id ?? "", "parse", "failed", error)
      expect(await store.folders.summary(ownerActor, folder.id, 5)).toEqual({
        documents: 4,
        failed: 1,
        errors: [{ path: first?.path, error }],
      })
      await store.folders.update(ownerActor, folder.id, { isReachable: false, excludes: ["x"] })
      const away = (await store.documents.list(ownerActor, { limit: 9 })).items
      expect(away.every((each) => each.isAway === true)).toBe(true)
      expect((await store.folders.get(ownerActor, folder.id)).excludes).toEqual(["x"])
      await store.documents.setStamps(ownerActor, [{ id: away[0]?.id ?? "", fileStamp: "later" }])
      expect((await store.documents.get(ownerActor, away[0]?.id ?? "")).fileStamp).toBe("later")
      await store.folders.delete(ownerActor, folder.id)
      expect((await store.documents.list(ownerActor, { limit: 9 })).items).toHaveLength(4)
      expect((await store.documents.get(ownerActor, away[0]?.id ?? "")).folderId).toBeNull()
    })
  })

  describe("conversations", () => {
    it("gives back what was created", async () => {
      const collection = await store.collections.create(ownerActor, { name: "Manuals" })
      const created = await store.conversations.create(ownerActor, { title: "Filters", collectionIds: [collection.id] })
      expect(created).toMatchObject({
        title: "Filters",
        titleIsAutomatic: false,
        collectionIds: [collection.id],
        personaId: null,
        messageCount: 0,
        activeMessageId: null,
      })
      expect(await store.conversations.get(ownerActor, created.id)).toEqual(created)
      expect((await store.conversations.create(ownerActor, {})).titleIsAutomatic).toBe(true)
    })

    it("pages newest first without gaps or repetitions, and a new message brings one to the top", async () => {
      const made = []
      for (let n = 0; n < 5; n++) made.push(await store.conversations.create(ownerActor, { title: `Number ${n}` }))
      await question(made[1]?.id ?? "", "hello")
      const titles: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.conversations.list(ownerActor, { limit: 2, ...(cursor ? { cursor } : {}) })
        expect(page.items.length).toBeLessThanOrEqual(2)
        titles.push(...page.items.map(({ title }) => title))
        cursor = page.next ?? undefined
      } while (cursor)
      expect(titles).toEqual(["Number 1", "Number 4", "Number 3", "Number 2", "Number 0"])
    })

    it("finds by title, whatever its letters", async () => {
      await store.conversations.create(ownerActor, { title: "100% Über_Filter" })
      await store.conversations.create(ownerActor, { title: "Pumps" })
      const titles = async (q: string) =>
        (await store.conversations.list(ownerActor, { limit: 10, q })).items.map(({ title }) => title)
      expect(await titles("über_")).toEqual(["100% Über_Filter"])
      expect(await titles("100%")).toEqual(["100% Über_Filter"])
      expect(await titles("%")).toEqual(["100% Über_Filter"])
    })

    it("refuses a cursor of another list", async () => {
      expect(await codeOf(store.conversations.list(ownerActor, { limit: 2, cursor: "bm9uc2Vuc2U" }))).toBe(
        "request.invalid",
      )
    })

    it("changes only what is named", async () => {
      const { id } = await store.conversations.create(ownerActor, { model: "small" })
      const changed = await store.conversations.update(ownerActor, id, { title: "Renamed", titleIsAutomatic: false })
      expect(changed).toMatchObject({ title: "Renamed", titleIsAutomatic: false, model: "small" })
    })

    it("hides a deleted conversation everywhere until it is restored, and purge erases it for good", async () => {
      const { id } = await store.conversations.create(ownerActor, { title: "Secret" })
      const message = await question(id, "the walrus question")
      await store.conversations.delete(ownerActor, id)
      expect(await codeOf(store.conversations.get(ownerActor, id))).toBe("conversation.not-found")
      expect(await codeOf(store.messages.get(ownerActor, message.id))).toBe("message.not-found")
      expect((await store.conversations.list(ownerActor, { limit: 10 })).items).toEqual([])
      expect(await store.messages.search(ownerActor, "walrus", 10)).toEqual([])
      expect(await codeOf(store.conversations.delete(ownerActor, id))).toBe("conversation.not-found")

      expect((await store.conversations.restore(ownerActor, id)).messageCount).toBe(1)
      expect(await store.messages.search(ownerActor, "walrus", 10)).toHaveLength(1)

      await store.conversations.delete(ownerActor, id)
      expect(await store.conversations.purge(ownerActor, 60_000)).toBe(0)
      expect(await store.conversations.purge(ownerActor, 0)).toBe(1)
      expect(await codeOf(store.conversations.restore(ownerActor, id))).toBe("conversation.not-found")
      expect((await store.check("quick")).counts.messages).toBe(0)
    })

    it("imports an export twice, with new ids and the same branches", async () => {
      const original = await store.conversations.create(ownerActor, { title: "Trip" })
      const first = await question(original.id, "first")
      const second = await question(original.id, "second", first.id)
      const branch = await question(original.id, "other second", first.id)
      await store.conversations.update(ownerActor, original.id, { activeMessageId: second.id })
      const exported = await store.conversations.get(ownerActor, original.id)
      const { items } = await store.messages.list(ownerActor, original.id, { limit: 10 })
      for (const actor of [ownerActor, stranger]) {
        const copy = await store.conversations.import(actor, exported, items)
        expect(copy.id).not.toBe(original.id)
        expect(copy).toMatchObject({ title: "Trip", messageCount: 3, createdAt: exported.createdAt })
        const path = await store.messages.path(actor, copy.activeMessageId ?? "")
        expect(path.map(({ text }) => text)).toEqual(["first", "second"])
        const copies = (await store.messages.list(actor, copy.id, { limit: 10 })).items
        expect(copies.map(({ text }) => text)).toEqual(["first", "second", "other second"])
        expect(copies.map(({ id }) => id)).not.toContain(branch.id)
      }
    })
  })

  describe("messages", () => {
    it("say whose voice asked by the name it has now, and nobody once the voice is forgotten", async () => {
      const { id: conversationId } = await store.conversations.create(ownerActor, {})
      const { id, name } = await store.voiceProfiles.create(ownerActor, { name: "Ada", fingerprint: "f", sealed: "s" })
      const asked = { conversationId, role: "user", kind: "voice", parentId: null } as const
      const known = await store.messages.append(ownerActor, { ...asked, text: "Known", speaker: { id, name } })
      const unknown = await store.messages.append(ownerActor, { ...asked, text: "Unknown", speaker: null })
      const unasked = await store.messages.append(ownerActor, { ...asked, text: "Unasked" })
      const speakers = async () => {
        const { items } = await store.messages.list(ownerActor, conversationId, { limit: 10 })
        return Object.fromEntries(items.map((message) => [message.id, message.speaker]))
      }
      expect(await speakers()).toEqual({ [known.id]: { id, name }, [unknown.id]: null, [unasked.id]: undefined })
      await store.voiceProfiles.rename(ownerActor, id, "Ada L.")
      expect((await speakers())[known.id]).toEqual({ id, name: "Ada L." })
      await store.messages.update(ownerActor, known.id, { feedback: "up" })
      expect((await speakers())[known.id]).toEqual({ id, name: "Ada L." })
      await store.voiceProfiles.delete(ownerActor, id)
      expect(await speakers()).toEqual({ [known.id]: undefined, [unknown.id]: null, [unasked.id]: undefined })
    })

    it("keeps every field, and becomes the active leaf", async () => {
      const { id } = await store.conversations.create(ownerActor, {})
      const asked = await question(id, "How often?")
      const full: Partial<Message> = {
        reasoning: "thinking",
        endReason: "complete",
        error: { code: "internal", message: "none" },
        model: "small",
        passages: [
          {
            n: 1,
            chunkId: "c",
            documentId: "d",
            collectionId: "k",
            title: "t",
            path: "p",
            headingPath: ["a"],
            page: 2,
            text: "x",
            start: 0,
            end: 1,
            score: 0.5,
            similarity: 0.4,
          },
        ],
        spans: [{ start: 0, end: 4, citations: [1], supported: true }],
        timings: [{ name: "embed", startMs: 0, endMs: 3 }],
        usage: { promptTokens: 10, cachedTokens: 2, completionTokens: 3 },
        heardChars: 4,
        feedback: "up",
      }
      const answer = await store.messages.append(ownerActor, {
        id: "chosen-id",
        conversationId: id,
        parentId: asked.id,
        role: "assistant",
        text: "Monthly.",
        kind: "voice",
        ...full,
      })
      expect(answer).toMatchObject({ ...full, id: "chosen-id", text: "Monthly.", kind: "voice" })
      expect(await store.messages.get(ownerActor, "chosen-id")).toEqual(answer)
      const conversation = await store.conversations.get(ownerActor, id)
      expect(conversation).toMatchObject({ activeMessageId: "chosen-id", messageCount: 2 })
      expect(await codeOf(store.messages.append(ownerActor, { ...answer }))).toBe("request.conflict")
    })

    it("lists all branches in the order they were written, in pages", async () => {
      const { id } = await store.conversations.create(ownerActor, {})
      for (let n = 0; n < 5; n++) await question(id, `text ${n}`)
      const first = await store.messages.list(ownerActor, id, { limit: 3 })
      const rest = await store.messages.list(ownerActor, id, { limit: 3, cursor: first.next ?? "" })
      expect([...first.items, ...rest.items].map(({ text }) => text)).toEqual([0, 1, 2, 3, 4].map((n) => `text ${n}`))
      expect(rest.next).toBeNull()
    })

    it("refuses a parent or an active message of another conversation", async () => {
      const one = await store.conversations.create(ownerActor, {})
      const other = await store.conversations.create(ownerActor, {})
      const message = await question(other.id, "elsewhere")
      expect(await codeOf(question(one.id, "child", message.id))).toBe("message.not-found")
      expect(await codeOf(store.conversations.update(ownerActor, one.id, { activeMessageId: message.id }))).toBe(
        "message.not-found",
      )
      expect((await store.conversations.get(ownerActor, one.id)).messageCount).toBe(0)
    })

    it("marks matches in any form of the word and follows edits", async () => {
      const conversation = await store.conversations.create(ownerActor, { title: "Care" })
      const message = await question(conversation.id, "Replacing the filters every month keeps pumps running.")
      const [hit] = await store.messages.search(ownerActor, "filter pump", 5)
      expect(hit).toMatchObject({ conversationId: conversation.id, conversationTitle: "Care", messageId: message.id })
      expect(hit?.snippet).toContain("\uE000filters\uE001")
      expect(hit?.snippet).toContain("\uE000pumps\uE001")
      await store.messages.update(ownerActor, message.id, { text: "Nothing of the kind." })
      expect(await store.messages.search(ownerActor, "filter", 5)).toEqual([])
      expect(await store.messages.search(ownerActor, "kind", 5)).toHaveLength(1)
    })

    it.each(['"', "a AND", "NEAR(x", "text:foo", "-", "*", "x*^(){}:", "'; DROP TABLE messages; --", "\0nul", "café "])(
      "takes %j as words, never as a query language",
      async (q) => {
        const { id } = await store.conversations.create(ownerActor, {})
        await question(id, "plain words")
        expect(await codeOf(store.messages.search(ownerActor, q, 5))).toBe("resolved")
        const search = { terms: [q, `${q}"`], collectionIds: null, limit: 5 }
        expect(await codeOf(store.chunks.searchLexical(ownerActor, search))).toBe("resolved")
        expect((await store.messages.search(ownerActor, "plain", 5)).length).toBe(1)
      },
    )
  })

  describe("collections and documents", () => {
    it("counts, renames, finds, and keeps names apart", async () => {
      const manuals = await store.collections.create(ownerActor, { name: "Manuals", sourcePath: "/home/me/manuals" })
      await store.collections.create(ownerActor, { name: "Recipes", isSample: true })
      await addDocument(ownerActor, manuals.id, "pump.md", [chunk(0, "one"), chunk(1, "two")])
      expect(await store.collections.get(ownerActor, manuals.id)).toMatchObject({ documentCount: 1, chunkCount: 2 })
      expect((await store.collections.findByName(ownerActor, "Manuals"))?.id).toBe(manuals.id)
      expect((await store.collections.findBySourcePath(ownerActor, "/home/me/manuals"))?.id).toBe(manuals.id)
      expect(await store.collections.findByName(ownerActor, "None")).toBeNull()
      expect(await codeOf(store.collections.create(ownerActor, { name: "Manuals" }))).toBe("request.conflict")
      expect(await codeOf(store.collections.rename(ownerActor, manuals.id, "Recipes"))).toBe("request.conflict")
      expect((await store.collections.rename(ownerActor, manuals.id, "Guides")).name).toBe("Guides")
      expect((await store.collections.create(stranger, { name: "Guides" })).name).toBe("Guides")
      expect((await store.collections.list(ownerActor)).map(({ name, isSample }) => [name, isSample])).toEqual([
        ["Guides", false],
        ["Recipes", true],
      ])
    })

    it("recognises unchanged bytes only once the document is ready", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      const values = {
        collectionId: id,
        title: "pump",
        path: "pump.md",
        kind: "md" as const,
        sizeBytes: 3,
        filePath: null,
        contentHash: "h1",
      }
      const first = await store.documents.upsert(ownerActor, values)
      expect(first.isUnchanged).toBe(false)
      expect(first.document).toMatchObject({ status: "queued", stage: "parse", hasVectors: false, chunkCount: 0 })
      expect((await store.documents.upsert(ownerActor, values)).isUnchanged).toBe(false)
      await addDocument(ownerActor, id, "pump.md", [chunk(0, "text")])
      const ready = await store.documents.upsert(ownerActor, { ...values, contentHash: "hash of pump.md" })
      expect(ready).toMatchObject({ isUnchanged: true, document: { id: first.document.id, status: "ready" } })
      const changed = await store.documents.upsert(ownerActor, { ...values, contentHash: "h2" })
      expect(changed).toMatchObject({ isUnchanged: false, document: { id: first.document.id, status: "queued" } })
    })

    it("replaces a document's content as a whole, and an unchanged chunk keeps its id", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      const before = await addDocument(
        ownerActor,
        id,
        "pump.md",
        [chunk(0, "kept sentence", ["Care"]), chunk(1, "old sentence")],
        [vector(1, 0, 0), vector(0, 1, 0)],
      )
      expect(before).toMatchObject({ status: "ready", stage: "ready", chunkCount: 2, pageCount: 1, hasVectors: true })
      const old = await store.chunks.byDocument(ownerActor, before.id)
      await addDocument(ownerActor, id, "pump.md", [chunk(0, "new sentence"), chunk(1, "kept sentence", ["Care"])])
      const now = await store.chunks.byDocument(ownerActor, before.id)
      expect(now.map(({ text }) => text)).toEqual(["new sentence", "kept sentence"])
      expect(now[1]?.id).toBe(old[0]?.id)
      expect(now[1]).toMatchObject({ documentTitle: "pump", documentPath: "pump.md", headingPath: ["Care"] })
      expect(await codeOf(store.chunks.get(ownerActor, old[1]?.id ?? ""))).toBe("document.not-found")
      expect(await store.chunks.searchLexical(ownerActor, { terms: ["old"], collectionIds: null, limit: 5 })).toEqual(
        [],
      )
      expect((await store.documents.get(ownerActor, before.id)).hasVectors).toBe(false)
      expect((await store.documents.text(ownerActor, before.id)).text).toBe("new sentence\nkept sentence")
      expect((await store.check("full")).problems).toEqual([])
    })

    it("writes nothing of a content whose vectors do not fit", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      await addDocument(ownerActor, id, "a.md", [chunk(0, "first words")], [vector(1, 0, 0)])
      const { document } = await store.documents.upsert(ownerActor, {
        collectionId: id,
        title: "b",
        path: "b.md",
        kind: "md",
        sizeBytes: 1,
        filePath: null,
        contentHash: "b",
      })
      const content = {
        text: "",
        pages: [],
        pageCount: null,
        chunks: [chunk(0, "second words")],
        fingerprint: "space-a",
      }
      const write = (vectors: Float32Array[]) =>
        store.documents.writeContent(ownerActor, document.id, { ...content, vectors })
      expect(await codeOf(write([vector(1, 0)]))).toBe("store.failed")
      expect(await codeOf(write([]))).toBe("store.failed")
      expect(await store.chunks.byDocument(ownerActor, document.id)).toEqual([])
      expect((await store.documents.get(ownerActor, document.id)).status).toBe("queued")
      const hits = await store.chunks.searchVector(ownerActor, {
        vector: vector(1, 0, 0),
        fingerprint: "space-a",
        collectionIds: null,
        limit: 5,
      })
      expect(hits.map(({ chunk: { text } }) => text)).toEqual(["first words"])
      expect((await store.check("full")).problems).toEqual([])
    })

    it("lists by collection, status and words, in pages, and tells failures", async () => {
      const one = await store.collections.create(ownerActor, { name: "One" })
      const two = await store.collections.create(ownerActor, { name: "Two" })
      const a = await addDocument(ownerActor, one.id, "alpha.md", [chunk(0, "x")])
      await addDocument(ownerActor, one.id, "beta.md", [chunk(0, "x")])
      await addDocument(ownerActor, two.id, "gamma.md", [chunk(0, "x")])
      const error = { code: "document.damaged", message: "It is damaged.", remedy: "Save it again." }
      await store.documents.setStage(ownerActor, a.id, "parse", "failed", error)
      const paths = async (query: object) =>
        (await store.documents.list(ownerActor, { limit: 10, ...query })).items.map(({ path }) => path)
      expect(await paths({})).toEqual(["alpha.md", "beta.md", "gamma.md"])
      expect(await paths({ collectionId: one.id })).toEqual(["alpha.md", "beta.md"])
      expect(await paths({ status: "failed" })).toEqual(["alpha.md"])
      expect(await paths({ q: "AMM" })).toEqual(["gamma.md"])
      expect((await store.documents.get(ownerActor, a.id)).error).toEqual(error)
      const page = await store.documents.list(ownerActor, { limit: 2 })
      expect(await paths({ cursor: page.next ?? "" })).toEqual(["gamma.md"])
    })

    it("takes chunks, words and vectors along when a document or collection goes", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      const a = await addDocument(ownerActor, id, "a.md", [chunk(0, "zebra")], [vector(1, 0, 0)])
      await addDocument(ownerActor, id, "b.md", [chunk(0, "zebra")], [vector(0, 1, 0)])
      const search = () => store.chunks.searchLexical(ownerActor, { terms: ["zebra"], collectionIds: null, limit: 5 })
      await store.documents.delete(ownerActor, a.id)
      expect(await search()).toHaveLength(1)
      expect((await store.check("full")).counts).toMatchObject({ documents: 1, chunks: 1, vectors: 1 })
      await store.collections.delete(ownerActor, id)
      expect(await search()).toEqual([])
      const check = await store.check("full")
      expect(check.counts).toMatchObject({ collections: 0, documents: 0, chunks: 0, vectors: 0 })
      expect(check).toMatchObject({ integrity: "ok", problems: [], isWritable: true })
    })
  })

  describe("search in chunks", () => {
    it("weighs title over headings over body", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      await addDocument(ownerActor, id, "x.md", [chunk(0, "a filter sits in the pump")])
      await addDocument(ownerActor, id, "y.md", [chunk(0, "it sits in the pump too", ["Filter"])])
      await addDocument(ownerActor, id, "filter.md", [chunk(0, "it sits in the pump also")])
      await addDocument(ownerActor, id, "z.md", [chunk(0, "something else entirely here")])
      const hits = await store.chunks.searchLexical(ownerActor, { terms: ["filters"], collectionIds: null, limit: 9 })
      expect(hits.map(({ chunk: { documentPath } }) => documentPath)).toEqual(["filter.md", "y.md", "x.md"])
      expect(hits.every(({ bm25 }) => bm25 > 0)).toBe(true)
    })

    it("finds the nearest vectors within the collections asked for", async () => {
      const one = await store.collections.create(ownerActor, { name: "One" })
      const two = await store.collections.create(ownerActor, { name: "Two" })
      await addDocument(
        ownerActor,
        one.id,
        "a.md",
        [chunk(0, "east"), chunk(1, "north-east")],
        [vector(2, 0, 0), vector(1, 1, 0)],
      )
      await addDocument(ownerActor, two.id, "b.md", [chunk(0, "north")], [vector(0, 5, 0)])
      const search = async (collectionIds: string[] | null, limit = 9) =>
        (
          await store.chunks.searchVector(ownerActor, {
            vector: vector(0.1, 1, 0),
            fingerprint: "space-a",
            collectionIds,
            limit,
          })
        ).map(({ chunk: { text }, similarity }) => [text, Math.round(similarity * 100) / 100])
      expect(await search(null)).toEqual([
        ["north", 1],
        ["north-east", 0.77],
        ["east", 0.1],
      ])
      expect(await search([one.id], 1)).toEqual([["north-east", 0.77]])
      expect(await search([])).toEqual([])
      expect(
        await store.chunks.searchVector(ownerActor, {
          vector: vector(1, 0),
          fingerprint: "unknown",
          collectionIds: null,
          limit: 3,
        }),
      ).toEqual([])
    })

    it("gives similarities and document frequencies for the person's own chunks", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      const document = await addDocument(
        ownerActor,
        id,
        "a.md",
        [chunk(0, "common rare"), chunk(1, "common"), chunk(2, "common")],
        [vector(1, 0, 0), vector(0, 1, 0), vector(-1, 0, 0)],
      )
      const [first, , third] = await store.chunks.byDocument(ownerActor, document.id)
      const ask = (actor: Actor) =>
        store.chunks.similarities(actor, {
          vector: vector(1, 0, 0),
          fingerprint: "space-a",
          chunkIds: [first?.id ?? "", third?.id ?? "", "unknown"],
        })
      expect(await ask(ownerActor)).toEqual(
        new Map([
          [first?.id, 1],
          [third?.id, -1],
        ]),
      )
      expect(await ask(stranger)).toEqual(new Map())
      const idf = await store.chunks.inverseDocumentFrequencies(ownerActor, ["common", "rare", "absent", "?"])
      expect(idf.get("common")).toBeCloseTo(Math.log(1 + 0.5 / 3.5))
      expect(idf.get("rare")).toBeCloseTo(Math.log(1 + 2.5 / 1.5))
      expect(idf.get("absent")).toBeCloseTo(Math.log(1 + 3.5 / 0.5))
      const theirs = await store.chunks.inverseDocumentFrequencies(stranger, ["common"])
      expect(theirs.get("common")).toBeCloseTo(Math.log(2))
    })

    it("builds a new index beside the old one and swaps", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      const document = await addDocument(
        ownerActor,
        id,
        "a.md",
        [chunk(0, "one"), chunk(1, "two")],
        [vector(1, 0, 0), vector(0, 1, 0)],
      )
      expect(await store.chunks.indexes()).toEqual({ active: "space-a", counts: { "space-a": 2 }, chunks: 2 })
      const [first, second] = await store.chunks.missingVectors(ownerActor, "space-b", 10)
      await store.chunks.addVectors(ownerActor, "space-b", [{ chunkId: first?.id ?? "", vector: vector(1, 0) }])
      expect((await store.chunks.missingVectors(ownerActor, "space-b", 10)).map((row) => row.id)).toEqual([second?.id])
      expect(await store.chunks.indexes()).toMatchObject({ active: "space-a", counts: { "space-a": 2, "space-b": 1 } })
      await store.chunks.addVectors(ownerActor, "space-b", [
        { chunkId: second?.id ?? "", vector: vector(0, 1) },
        { chunkId: "replaced-meanwhile", vector: vector(0, 1) },
      ])
      await store.chunks.setActiveIndex("space-b")
      expect(await store.chunks.indexes()).toEqual({ active: "space-b", counts: { "space-b": 2 }, chunks: 2 })
      expect((await store.documents.get(ownerActor, document.id)).hasVectors).toBe(true)
      const hits = await store.chunks.searchVector(ownerActor, {
        vector: vector(0, 1),
        fingerprint: "space-b",
        collectionIds: null,
        limit: 1,
      })
      expect(hits[0]?.chunk.text).toBe("two")
      expect((await store.check("full")).problems).toEqual([])
    })

    it("leaves the caller's vectors as they were", async () => {
      const { id } = await store.collections.create(ownerActor, { name: "A" })
      const mine = vector(3, 4, 0)
      await addDocument(ownerActor, id, "a.md", [chunk(0, "one")], [mine])
      expect([...mine]).toEqual([3, 4, 0])
    })
  })

  describe("settings, jobs, keys", () => {
    it("sets, replaces and removes settings of each person apart", async () => {
      await store.settings.set(ownerActor, { theme: "dark", volume: 0.5, voice: null })
      await store.settings.set(stranger, { theme: "light" })
      await store.settings.set(ownerActor, { volume: undefined, theme: "system" })
      expect(await store.settings.all(ownerActor)).toEqual({ theme: "system", voice: null })
      expect(await store.settings.all(stranger)).toEqual({ theme: "light" })
    })

    it("keeps a job's payload, and lists what runs or changed lately", async () => {
      const make = (title: string) =>
        store.jobs.create(ownerActor, {
          kind: "ingest",
          title,
          unit: "files",
          subjectId: null,
          total: 4,
          payload: { paths: [title] },
        })
      const done = await make("done")
      const running = await make("running")
      await store.jobs.update(ownerActor, done.id, { status: "done", progress: 1 })
      const later = clock.now()
      expect(await store.jobs.update(ownerActor, running.id, { status: "running", done: 2 })).toMatchObject({
        status: "running",
        done: 2,
        total: 4,
        payload: { paths: ["running"] },
      })
      expect((await store.jobs.list(ownerActor, 0)).map(({ title }) => title)).toEqual(["done", "running"])
      expect((await store.jobs.list(ownerActor, later)).map(({ title }) => title)).toEqual(["running"])
      expect((await store.jobs.list(ownerActor, later + 1e9)).map(({ title }) => title)).toEqual(["running"])
    })

    it("finds a key by its hash, notes its use, and forgets a revoked one", async () => {
      const key = await store.keys.create(ownerActor, { name: "cli", scopes: ["chat"], prefix: "zg_1", hash: "h" })
      await store.keys.touch(key.id)
      const found = await store.keys.findByHash("h")
      expect(found).toMatchObject({ id: key.id, ownerId: ownerActor.personId, scopes: ["chat"] })
      expect(found?.lastUsedAt).toBeGreaterThan(0)
      expect(JSON.stringify(await store.keys.list(ownerActor))).not.toContain('"h"')
      expect(await codeOf(store.keys.delete(stranger, key.id))).toBe("request.not-found")
      await store.keys.delete(ownerActor, key.id)
      expect(await store.keys.findByHash("h")).toBeNull()
    })
  })

  describe("feedback", () => {
    const passage = (chunkId: string, position: number) => ({
      chunk_id: chunkId,
      position,
      score: 1 / position,
      ltr_score: null,
      conceptual_score: 0.5,
      features: { bm25: 1.5, similarity: 0.25 },
      adjustments: [{ name: "recency", value: 0.01, reason: "changed today" }],
    })
    const list = (queryId: string, ...chunkIds: string[]) => ({
      query_id: queryId,
      query_hash: `hash of ${queryId}`,
      surface: "chat" as const,
      scoring,
      passages: chunkIds.map((id, index) => passage(id, index + 1)),
    })
    const act = (queryId: string, chunkId: string, event: FeedbackKind, value = 1) =>
      store.feedback.record(ownerActor, { queryId, chunkId, event, value })

    it("keeps what was shown and, with its place, what was done with it", async () => {
      await store.feedback.recordShown(ownerActor, list("q1", "a", "b"))
      expect(await act("q1", "b", "click")).toMatchObject({ position: 2, event: "click", value: 1 })
      const { list: shown, events } = await store.feedback.shown(ownerActor, "q1")
      expect(shown).toEqual({ ...list("q1", "a", "b"), shown_at: expect.any(Number) })
      expect(events).toEqual([
        {
          query_id: "q1",
          query_hash: "hash of q1",
          chunk_id: "b",
          position: 2,
          event: "click",
          value: 1,
          at: expect.any(Number),
        },
      ])
      expect(await codeOf(act("q1", "c", "click"))).toBe("request.invalid")
      expect(await codeOf(act("q2", "a", "click"))).toBe("query.not-found")
    })

    it("counts an event once, adds up dwell to half an hour, keeps one thumb, and takes back with 0", async () => {
      await store.feedback.recordShown(ownerActor, list("q1", "a", "b"))
      await act("q1", "a", "click")
      await act("q1", "a", "click")
      await act("q1", "a", "dwell", 1000)
      expect((await act("q1", "a", "dwell", 500)).value).toBe(1500)
      expect((await act("q1", "a", "dwell", 1e9)).value).toBe(30 * 60_000)
      await act("q1", "a", "up")
      await act("q1", "a", "down")
      const kinds = async () => (await store.feedback.shown(ownerActor, "q1")).events.map(({ event }) => event)
      expect(await kinds()).toEqual(["click", "dwell", "down"])
      await act("q1", "a", "down", 0)
      expect(await kinds()).toEqual(["click", "dwell"])
    })

    it("finds what was done with a passage over all questions, and lists newest first", async () => {
      for (const id of ["q1", "q2", "q3"]) await store.feedback.recordShown(ownerActor, list(id, "a", "b"))
      await act("q1", "a", "up")
      await act("q3", "a", "click")
      await act("q3", "b", "copy")
      expect((await store.feedback.ofChunks(ownerActor, ["a"])).map(({ query_id }) => query_id)).toEqual(["q1", "q3"])
      const ids = async (withEvents: boolean, limit = 10) =>
        (await store.feedback.lists(ownerActor, { limit, withEvents })).map(({ list }) => list.query_id)
      expect(await ids(false)).toEqual(["q3", "q2", "q1"])
      expect(await ids(true)).toEqual(["q3", "q1"])
      expect(await ids(true, 1)).toEqual(["q3"])
      const [newest] = await store.feedback.lists(ownerActor, { limit: 1, withEvents: true })
      expect(newest?.events.map(({ event }) => event)).toEqual(["click", "copy"])
    })

    it("is erased whole, and counts what it held", async () => {
      await store.feedback.recordShown(ownerActor, list("q1", "a"))
      await store.feedback.recordShown(stranger, list("q1", "a"))
      await act("q1", "a", "up")
      await act("q1", "a", "cite")
      expect(await store.feedback.counts(ownerActor)).toEqual({
        queries: 1,
        events: { click: 0, cite: 1, copy: 0, up: 1, down: 0, dwell: 0 },
        since: expect.any(Number),
      })
      expect(await store.feedback.forget(ownerActor)).toEqual({ queries: 1, events: 2 })
      expect(await store.feedback.counts(ownerActor)).toMatchObject({ queries: 0, since: null })
      expect(await store.feedback.ofChunks(ownerActor, ["a"])).toEqual([])
      expect((await store.feedback.counts(stranger)).queries).toBe(1)
    })

    it("drops the oldest lists with their events", { timeout: 60_000 }, async () => {
      await store.feedback.recordShown(ownerActor, list("first", "a"))
      await act("first", "a", "up")
      for (let n = 0; n < 2000; n++) await store.feedback.recordShown(ownerActor, list(`q${n}`))
      expect(await codeOf(store.feedback.shown(ownerActor, "first"))).toBe("query.not-found")
      expect((await store.feedback.counts(ownerActor)).queries).toBe(2000)
      expect(await store.feedback.ofChunks(ownerActor, ["a"])).toEqual([])
    })
  })

  it("shows a foreign person nothing of another's rows, through any method", async () => {
    const collection = await store.collections.create(ownerActor, { name: "Private", sourcePath: "/private" })
    const document = await addDocument(
      ownerActor,
      collection.id,
      "secret.md",
      [chunk(0, "secret walrus")],
      [vector(1, 0, 0)],
    )
    const [own] = await store.chunks.byDocument(ownerActor, document.id)
    const folder = await store.folders.create(ownerActor, newFolder(collection.id, "/private", "private"))
    const conversation = await store.conversations.create(ownerActor, { title: "Private" })
    const message = await question(conversation.id, "secret walrus")
    const job = await store.jobs.create(ownerActor, {
      kind: "ingest",
      title: "Private",
      unit: "files",
      subjectId: null,
      payload: null,
    })
    const key = await store.keys.create(ownerActor, { name: "Private", scopes: [], prefix: "p", hash: "h" })
    await store.settings.set(ownerActor, { theme: "dark" })
    const chunkId = own?.id ?? ""
    const content = { text: "", pages: [], pageCount: null, chunks: [], vectors: null, fingerprint: null }
    const newDocument = {
      collectionId: collection.id,
      title: "",
      path: "",
      kind: "md",
      sizeBytes: 0,
      filePath: null,
      contentHash: "",
    } as const
    const query = { vector: vector(1, 0, 0), fingerprint: "space-a", limit: 5 }
    const entry = { action: "a", subject: "s", outcome: "ok", requestId: null } as const

    const shown = {
      query_id: "mine",
      query_hash: "mine",
      surface: "rag" as const,
      scoring,
      passages: [
        {
          chunk_id: chunkId,
          position: 1,
          score: 1,
          ltr_score: 1,
          conceptual_score: 1,
          features: {},
          adjustments: [],
        },
      ],
    }
    await store.feedback.recordShown(ownerActor, shown)
    await store.feedback.record(ownerActor, { queryId: "mine", chunkId, event: "up", value: 1 })

    const voice = await store.voiceProfiles.create(ownerActor, { name: "Ada", fingerprint: "f", sealed: "sealed" })
    const consent = await store.clonedVoices.ask(ownerActor, { id: "c-1", name: "Ada", phrase: "Read.", expiresAt: 1 })
    const clone = { id: "clone-1", consentId: consent.id, name: "Ada", language: "en", sealedSample: "sealed" }
    await store.clonedVoices.create(ownerActor, clone)
    await store.turnSounds.add(ownerActor, { messageId: message.id, durationMs: 900, sealed: "sealed" }, 5)
    const { memory: remembered } = await store.memories.create(ownerActor, {
      text: "The walrus is mine.",
      weight: 1,
      kind: "added",
      conversationId: null,
      messageId: null,
    })
    const artifact = await store.artifacts.record(ownerActor, {
      kind: "export",
      name: "Mine",
      hash: null,
      sizeBytes: null,
      tags: [],
      provenance: {},
    })

    const evalRun = await store.evaluations.addRun(ownerActor, "run-1", emptyRun)
    const pinned = await store.evaluations.pin(ownerActor, { question: "Where?", document: "a.md", passage: null })

    /** What a stranger gets: a code, or the value. `skip`: the method names no person. */
    const calls: {
      [R in keyof typeof repositoryMethods]: Record<keyof Store[R], [unknown, () => Promise<unknown>] | "skip">
    } = {
      conversations: {
        create: [
          "collection.not-found",
          () => store.conversations.create(stranger, { collectionIds: [collection.id] }),
        ],
        get: ["conversation.not-found", () => store.conversations.get(stranger, conversation.id)],
        list: [{ items: [], next: null }, () => store.conversations.list(stranger, { limit: 5 })],
        update: ["conversation.not-found", () => store.conversations.update(stranger, conversation.id, { title: "x" })],
        setSharing: [
          "conversation.not-found",
          () => store.conversations.setSharing(stranger, conversation.id, { audience: "household", personIds: [] }),
        ],
        delete: ["conversation.not-found", () => store.conversations.delete(stranger, conversation.id)],
        restore: ["conversation.not-found", () => store.conversations.restore(stranger, conversation.id)],
        purge: [0, () => store.conversations.purge(stranger, 0)],
        import: [
          expect.objectContaining({ collectionIds: null }),
          () => store.conversations.import(stranger, { ...conversation, collectionIds: [collection.id] }, []),
        ],
      },
      messages: {
        append: [
          "conversation.not-found",
          () =>
            store.messages.append(stranger, {
              conversationId: conversation.id,
              parentId: null,
              role: "user",
              text: "x",
              kind: "text",
            }),
        ],
        get: ["message.not-found", () => store.messages.get(stranger, message.id)],
        update: ["message.not-found", () => store.messages.update(stranger, message.id, { text: "x" })],
        list: ["conversation.not-found", () => store.messages.list(stranger, conversation.id, { limit: 5 })],
        path: ["message.not-found", () => store.messages.path(stranger, message.id)],
        search: [[], () => store.messages.search(stranger, "walrus", 5)],
      },
      collections: {
        create: "skip",
        get: ["collection.not-found", () => store.collections.get(stranger, collection.id)],
        findByName: [null, () => store.collections.findByName(stranger, "Private")],
        findBySourcePath: [null, () => store.collections.findBySourcePath(stranger, "/private")],
        list: [[], () => store.collections.list(stranger)],
        setSharing: [
          "collection.not-found",
          () => store.collections.setSharing(stranger, collection.id, { audience: "household", personIds: [] }),
        ],
        setLeaving: ["collection.not-found", () => store.collections.setLeaving(stranger, collection.id, true)],
        rename: ["collection.not-found", () => store.collections.rename(stranger, collection.id, "x")],
        delete: ["collection.not-found", () => store.collections.delete(stranger, collection.id)],
      },
      documents: {
        upsert: ["collection.not-found", () => store.documents.upsert(stranger, newDocument)],
        get: ["document.not-found", () => store.documents.get(stranger, document.id)],
        list: [{ items: [], next: null }, () => store.documents.list(stranger, { limit: 5 })],
        setStage: ["document.not-found", () => store.documents.setStage(stranger, document.id, "parse", "failed")],
        writeContent: ["document.not-found", () => store.documents.writeContent(stranger, document.id, content)],
        move: [
          "document.not-found",
          () =>
            store.documents.move(stranger, document.id, {
              path: "x",
              filePath: "x",
              title: "x",
              fileStamp: null,
              folderId: folder.id,
            }),
        ],
        setStamps: [undefined, () => store.documents.setStamps(stranger, [{ id: document.id, fileStamp: "theirs" }])],
        text: ["document.not-found", () => store.documents.text(stranger, document.id)],
        setTags: ["document.not-found", () => store.documents.setTags(stranger, document.id, ["theirs"])],
        delete: ["document.not-found", () => store.documents.delete(stranger, document.id)],
      },
      folders: {
        create: ["collection.not-found", () => store.folders.create(stranger, newFolder(collection.id, "/b", "b"))],
        get: ["folder.not-found", () => store.folders.get(stranger, folder.id)],
        list: [[], () => store.folders.list(stranger)],
        update: ["folder.not-found", () => store.folders.update(stranger, folder.id, { isPaused: true })],
        summary: ["folder.not-found", () => store.folders.summary(stranger, folder.id, 5)],
        documents: ["folder.not-found", () => store.folders.documents(stranger, folder.id, null, "/")],
        delete: ["folder.not-found", () => store.folders.delete(stranger, folder.id)],
      },
      memories: {
        create: "skip",
        get: ["memory.not-found", () => store.memories.get(stranger, remembered.id)],
        list: [{ items: [], next: null, total: 0 }, () => store.memories.list(stranger, { limit: 5 })],
        update: ["memory.not-found", () => store.memories.update(stranger, remembered.id, { weight: 0 })],
        delete: ["memory.not-found", () => store.memories.delete(stranger, remembered.id)],
        clear: [0, () => store.memories.clear(stranger)],
        searchLexical: [[], () => store.memories.searchLexical(stranger, { terms: ["walrus"], limit: 5 })],
        searchVector: [[], () => store.memories.searchVector(stranger, query)],
        missingVectors: [[], () => store.memories.missingVectors(stranger, "space-b", 5)],
        setVector: [undefined, () => store.memories.setVector(stranger, remembered, "space-a", vector(0, 0, 1))],
      },
      evaluations: {
        addRun: "skip",
        runs: [[], () => store.evaluations.runs(stranger, 5)],
        run: ["evaluation.not-found", () => store.evaluations.run(stranger, evalRun.id)],
        deleteRun: ["evaluation.not-found", () => store.evaluations.deleteRun(stranger, evalRun.id)],
        pins: [[], () => store.evaluations.pins(stranger)],
        pin: "skip",
        unpin: ["evaluation.not-found", () => store.evaluations.unpin(stranger, pinned.id)],
      },
      artifacts: {
        record: "skip",
        get: ["artifact.not-found", () => store.artifacts.get(stranger, artifact.id)],
        list: [{ items: [], next: null, tags: [] }, () => store.artifacts.list(stranger, { limit: 5 })],
        setTags: ["artifact.not-found", () => store.artifacts.setTags(stranger, artifact.id, [])],
        delete: ["artifact.not-found", () => store.artifacts.delete(stranger, artifact.id)],
      },
      chunks: {
        get: ["document.not-found", () => store.chunks.get(stranger, chunkId)],
        byDocument: ["document.not-found", () => store.chunks.byDocument(stranger, document.id)],
        searchLexical: [
          [],
          () => store.chunks.searchLexical(stranger, { terms: ["walrus"], collectionIds: null, limit: 5 }),
        ],
        searchVector: [[], () => store.chunks.searchVector(stranger, { ...query, collectionIds: null })],
        similarities: [new Map(), () => store.chunks.similarities(stranger, { ...query, chunkIds: [chunkId] })],
        inverseDocumentFrequencies: [
          new Map([["walrus", Math.log(2)]]),
          () => store.chunks.inverseDocumentFrequencies(stranger, ["walrus"]),
        ],
        missingVectors: [[], () => store.chunks.missingVectors(stranger, "space-b", 5)],
        addVectors: [
          undefined,
          () => store.chunks.addVectors(stranger, "space-a", [{ chunkId, vector: vector(0, 0, 1) }]),
        ],
        indexes: "skip",
        setActiveIndex: "skip",
        vectors: [new Map(), () => store.chunks.vectors(stranger, { fingerprint: "space-a", chunkIds: [chunkId] })],
        generation: "skip",
        indexHealth: "skip",
        repairVectors: "skip",
        repairWords: "skip",
      },
      settings: {
        all: [{}, () => store.settings.all(stranger)],
        set: [undefined, () => store.settings.set(stranger, { theme: "light" })],
      },
      jobs: {
        create: "skip",
        get: ["job.not-found", () => store.jobs.get(stranger, job.id)],
        list: [[], () => store.jobs.list(stranger, 0)],
        update: ["job.not-found", () => store.jobs.update(stranger, job.id, { title: "x" })],
      },
      keys: {
        create: "skip",
        list: [[], () => store.keys.list(stranger)],
        findByHash: "skip",
        touch: "skip",
        delete: ["request.not-found", () => store.keys.delete(stranger, key.id)],
      },
      feedback: {
        record: [
          "query.not-found",
          () => store.feedback.record(stranger, { queryId: "mine", chunkId, event: "up", value: 1 }),
        ],
        shown: ["query.not-found", () => store.feedback.shown(stranger, "mine")],
        ofChunks: [[], () => store.feedback.ofChunks(stranger, [chunkId])],
        lists: [[], () => store.feedback.lists(stranger, { limit: 5, withEvents: true })],
        counts: [expect.objectContaining({ since: null }), () => store.feedback.counts(stranger)],
        forget: [{ queries: 0, events: 0 }, () => store.feedback.forget(stranger)],
        recordShown: [undefined, () => store.feedback.recordShown(stranger, { ...shown, query_hash: "theirs" })],
      },
      // Who lives here is known to all; what may be changed is decided above the store (`test/server/people.test.ts`).
      people: {
        list: [[expect.objectContaining({ id: "owner", role: "owner" })], () => store.people.list(stranger)],
        get: ["person.not-found", () => store.people.get(stranger, stranger.personId)],
        create: "skip",
        update: ["person.not-found", () => store.people.update(stranger, stranger.personId, { role: "adult" })],
        pinHash: ["person.not-found", () => store.people.pinHash(stranger, stranger.personId)],
        setPinHash: ["person.not-found", () => store.people.setPinHash(stranger, stranger.personId, "x")],
        remove: ["person.not-found", () => store.people.remove(stranger, stranger.personId, "erase")],
        empty: [undefined, () => store.people.empty(stranger)],
      },
      turnSounds: {
        add: [
          "message.not-found",
          () => store.turnSounds.add(stranger, { messageId: message.id, durationMs: 1, sealed: "other" }, 5),
        ],
        list: [[], () => store.turnSounds.list(stranger)],
        sealed: ["message.not-found", () => store.turnSounds.sealed(stranger, message.id)],
        delete: [false, () => store.turnSounds.delete(stranger, message.id)],
        clear: [0, () => store.turnSounds.clear(stranger)],
      },
      // A component is one for the whole machine.
      healthReports: { upsert: "skip", list: "skip" },
      clonedVoices: {
        ask: "skip",
        consent: ["cloning.not-found", () => store.clonedVoices.consent(stranger, consent.id)],
        consents: [[], () => store.clonedVoices.consents(stranger)],
        give: [
          "cloning.not-found",
          () => store.clonedVoices.give(stranger, consent.id, { fingerprint: "f", sealed: "other" }),
        ],
        revoke: ["cloning.not-found", () => store.clonedVoices.revoke(stranger, consent.id)],
        create: ["cloning.not-found", () => store.clonedVoices.create(stranger, { ...clone, id: "clone-2" })],
        list: [[], () => store.clonedVoices.list(stranger)],
        get: ["cloning.not-found", () => store.clonedVoices.get(stranger, clone.id)],
        setConditioning: [
          "cloning.not-found",
          () => store.clonedVoices.setConditioning(stranger, clone.id, { fingerprint: "f", sealed: "other" }),
        ],
        discard: ["cloning.not-found", () => store.clonedVoices.discard(stranger, clone.id)],
        delete: ["cloning.not-found", () => store.clonedVoices.delete(stranger, clone.id)],
      },
      voiceProfiles: {
        create: "skip",
        list: [[], () => store.voiceProfiles.list(stranger)],
        household: [[], () => store.voiceProfiles.household(stranger)],
        rename: ["speaker.not-found", () => store.voiceProfiles.rename(stranger, voice.id, "Other")],
        replace: [
          "speaker.not-found",
          () => store.voiceProfiles.replace(stranger, voice.id, { fingerprint: "f", sealed: "other" }),
        ],
        delete: ["speaker.not-found", () => store.voiceProfiles.delete(stranger, voice.id)],
      },
      timeline: { list: [{ items: [], next: null }, () => store.timeline.list(stranger, { limit: 5 })] },
      audit: {
        list: [{ items: [], next: null }, () => store.audit.list(stranger, { limit: 5 })],
        record: [undefined, () => store.audit.record(stranger, entry)],
        verify: "skip",
      },
    }

    for (const [repository, methods] of Object.entries(calls)) {
      for (const [method, attempt] of Object.entries(methods)) {
        if (attempt === "skip") continue
        const [expected, call] = attempt
        const got = await call().catch((error: unknown) => (error instanceof AppError ? error.code : error))
        expect(got ?? null, `${repository}.${method}`).toEqual(expected ?? null)
      }
    }
    for (const search of [
      store.chunks.searchLexical(stranger, { terms: ["walrus"], collectionIds: [collection.id], limit: 5 }),
      store.chunks.searchVector(stranger, { ...query, collectionIds: [collection.id] }),
      store.documents.list(stranger, { collectionId: collection.id, limit: 5 }),
    ]) {
      expect(await codeOf(search)).toBe("collection.not-found")
    }

    expect(await store.conversations.get(ownerActor, conversation.id)).toMatchObject({
      title: "Private",
      messageCount: 1,
    })
    expect((await store.messages.get(ownerActor, message.id)).text).toBe("secret walrus")
    expect(await store.documents.get(ownerActor, document.id)).toEqual(document)
    expect((await store.chunks.searchVector(ownerActor, { ...query, collectionIds: null }))[0]?.similarity).toBeCloseTo(
      1,
    )
    expect(await store.turnSounds.sealed(ownerActor, message.id)).toBe("sealed")
    expect(await store.jobs.get(ownerActor, job.id)).toEqual(job)
    expect(await store.keys.list(ownerActor)).toHaveLength(1)
    expect(await store.settings.all(ownerActor)).toEqual({ theme: "dark" })
  })
})

const emptyRun = {
  name: "set",
  datasetHash: "0",
  kind: "dataset",
  questions: 0,
  steps: [],
  judgement: { answerable: null, unanswerable: null },
  grounded: null,
  embedder: null,
  rankingVersion: "1",
  medianMs: 1,
  perQuestion: [],
} satisfies Parameters<Store["evaluations"]["addRun"]>[2]
