import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Actor, guestActor, ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { migrations } from "#store/sqlite/migrations/index.ts"
import { openDatabase } from "#store/sqlite/openDatabase.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"

const sqlite = async () => {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-people-"))
  const files = { file: join(directory, "z.db"), backupDir: join(directory, "backups") }
  return { store: await openSqliteStore({ ...files, log: silentLogger }), directory }
}
const kinds: [string, () => Promise<{ store: Store; directory?: string }>][] = [
  ["memory", async () => ({ store: createMemoryStore() })],
  ["sqlite", sqlite],
]

describe.each(kinds)("people in the %s store", (_name, open) => {
  let store: Store
  let directory: string | undefined
  let ada: Actor
  beforeEach(async () => {
    ;({ store, directory } = await open())
    const { id } = await store.people.create(ownerActor, { name: "Ada", role: "adult" })
    ada = { personId: id, role: "adult", scopes: [] }
  })
  afterEach(async () => {
    await store.close()
    if (directory) await rm(directory, { recursive: true, force: true })
  })

  /** One of everything that can be Ada's. */
  async function fill(): Promise<{ collection: string; conversation: string }> {
    const { id: collection } = await store.collections.create(ada, { name: "House" })
    const base = {
      collectionId: collection,
      title: "t",
      path: "a.md",
      kind: "md",
      sizeBytes: 1,
      filePath: null,
      contentHash: "h",
    } as const
    const { document } = await store.documents.upsert(ada, base)
    const chunk = { ordinal: 0, text: "walrus", headingPath: [], page: null, start: 0, end: 6, tokenCount: 1 }
    await store.documents.writeContent(ada, document.id, {
      text: "walrus",
      pages: [],
      pageCount: null,
      chunks: [chunk],
      vectors: [Float32Array.of(1, 0)],
      fingerprint: "f",
    })
    const { id: conversation } = await store.conversations.create(ada, { title: "Chat" })
    await store.messages.append(ada, {
      conversationId: conversation,
      parentId: null,
      role: "user",
      text: "walrus",
      kind: "text",
    })
    const memory = { weight: 1, kind: "added", conversationId: null, messageId: null } as const
    await store.memories.create(ada, { text: "Ada likes tea.", ...memory })
    await store.memories.create(ada, { text: "Both know this.", ...memory })
    await store.memories.create(ownerActor, { text: "Both know this.", ...memory })
    await store.keys.create(ownerActor, { name: "k", scopes: [], prefix: "p", hash: "hash", personId: ada.personId })
    await store.settings.set(ada, { theme: "dark" })
    const voice = await store.voiceProfiles.create(ownerActor, { name: "Ada", fingerprint: "f", sealed: "s" })
    await store.people.update(ownerActor, ada.personId, { speakerId: voice.id })
    return { collection, conversation }
  }
  const walruses = async (actor: Actor) =>
    (await store.chunks.searchLexical(actor, { terms: ["walrus"], collectionIds: null, limit: 5 })).length

  it("begin with the owner, and keep names apart whatever their case", async () => {
    expect((await store.people.list(ada)).map(({ name, role }) => [name, role])).toEqual([
      ["Owner", "owner"],
      ["Ada", "adult"],
    ])
    await expect(store.people.create(ownerActor, { name: "ADA", role: "child" })).rejects.toMatchObject({
      code: "request.conflict",
    })
    await expect(store.people.update(ownerActor, "owner", { role: "guest" })).rejects.toMatchObject({
      code: "request.conflict",
    })
    await expect(store.people.remove(ownerActor, "owner", "erase")).rejects.toMatchObject({ code: "request.conflict" })
  })

  it("have one voice each, which was learned by them or by who links it", async () => {
    const { id } = await store.voiceProfiles.create(ownerActor, { name: "V", fingerprint: "f", sealed: "s" })
    await store.people.update(ownerActor, "owner", { speakerId: id })
    await expect(store.people.update(ada, ada.personId, { speakerId: id })).rejects.toMatchObject({
      code: "speaker.not-found",
    })
    await store.people.update(ownerActor, ada.personId, { speakerId: id })
    expect((await store.people.get(ada, "owner")).speakerId).toBeNull()
    expect((await store.voiceProfiles.household(ada)).map(({ personId }) => personId)).toEqual([ada.personId])
    await store.voiceProfiles.delete(ownerActor, id)
    expect((await store.people.get(ada, ada.personId)).speakerId).toBeNull()
  })

  it("leave their things to the owner, without what is only theirs", async () => {
    await store.collections.create(ownerActor, { name: "House" })
    const { collection, conversation } = await fill()
    await store.people.remove(ownerActor, ada.personId, "keep")
    expect((await store.collections.get(ownerActor, collection)).name).toBe("House (Ada)")
    expect((await store.conversations.get(ownerActor, conversation)).messageCount).toBe(1)
    expect(await walruses(ownerActor)).toBe(1)
    expect((await store.memories.list(ownerActor, { limit: 9 })).items.map(({ text }) => text).toSorted()).toEqual([
      "Ada likes tea.",
      "Both know this.",
    ])
    expect(await store.voiceProfiles.list(ownerActor)).toEqual([])
    expect(await store.keys.findByHash("hash")).toBeNull()
    expect(await store.settings.all(ada)).toEqual({})
    await expect(store.people.get(ownerActor, ada.personId)).rejects.toMatchObject({ code: "person.not-found" })
    await store.people.create(ownerActor, { name: "Ada", role: "guest" })
  })

  it("take their things with them when these are erased", async () => {
    const { collection, conversation } = await fill()
    await store.people.remove(ownerActor, ada.personId, "erase")
    await expect(store.collections.get(ada, collection)).rejects.toMatchObject({ code: "collection.not-found" })
    await expect(store.conversations.get(ada, conversation)).rejects.toMatchObject({ code: "conversation.not-found" })
    expect(await walruses(ada)).toBe(0)
    expect((await store.memories.list(ada, { limit: 9 })).total).toBe(0)
    expect((await store.memories.list(ownerActor, { limit: 9 })).total).toBe(1)
    expect((await store.check("full")).counts).toMatchObject({ documents: 0, chunks: 0, vectors: 0, messages: 0 })
  })

  it("see what is shared with them, from the next search on, as long as they live here", async () => {
    const { collection } = await fill()
    const { id } = await store.people.create(ownerActor, { name: "Ben", role: "child" })
    const ben: Actor = { personId: id, role: "child", scopes: [] }
    const stranger: Actor = { personId: "stranger", scopes: ["owner"] }
    const seen = async () => [
      await walruses(ben),
      await walruses(ownerActor),
      await walruses(guestActor),
      await walruses(stranger),
    ]
    expect(await seen()).toEqual([0, 0, 0, 0])
    await store.collections.setSharing(ada, collection, { audience: "household", personIds: [] })
    expect(await seen()).toEqual([1, 1, 1, 0])
    await store.collections.setSharing(ada, collection, { audience: "private", personIds: [] })
    expect(await seen()).toEqual([0, 0, 0, 0])
    await store.collections.setSharing(ada, collection, { audience: "people", personIds: [id] })
    expect(await seen()).toEqual([1, 0, 0, 0])
    await store.collections.setSharing(ada, collection, { audience: "household", personIds: [] })
    expect(await seen()).toEqual([1, 1, 1, 0])
    await store.people.remove(ownerActor, id, "erase")
    expect(await seen()).toEqual([0, 1, 1, 0])
    await store.collections.setSharing(ada, collection, { audience: "private", personIds: [] })
    expect(await seen()).toEqual([0, 0, 0, 0])
  })
})

it("keeps what was there before there were people: it is the owner's, and collections can be read by the household", async () => {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-people-"))
  const files = { file: join(directory, "z.db"), backupDir: join(directory, "backups") }
  const { db } = openDatabase({ ...files, migrations: migrations.slice(0, 12) })
  db.exec(`INSERT INTO people VALUES ('owner', 1);
    INSERT INTO collections (id, owner_id, name, is_sample, created_at) VALUES ('c', 'owner', 'Manuals', 0, 1);
    INSERT INTO conversations (id, owner_id, title, title_is_automatic, created_at, updated_at) VALUES ('v', 'owner', 'Old', 0, 1, 1)`)
  db.close()
  const store = await openSqliteStore({ ...files, log: silentLogger })
  const { id } = await store.people.create(ownerActor, { name: "Ben", role: "adult" })
  const ben: Actor = { personId: id, role: "adult", scopes: [] }
  expect(await store.collections.list(ownerActor)).toMatchObject([
    { name: "Manuals", sharing: { audience: "household" }, sharedBy: null },
  ])
  expect(await store.collections.list(ben)).toMatchObject([
    { name: "Manuals", sharedBy: { id: "owner", name: "Owner" } },
  ])
  expect((await store.conversations.list(ownerActor, { limit: 5 })).items).toMatchObject([{ title: "Old" }])
  expect((await store.conversations.list(ben, { limit: 5 })).items).toEqual([])
  await store.close()
  await rm(directory, { recursive: true, force: true })
})
