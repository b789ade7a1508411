import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Actor } from "#core/actor.ts"
import { ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { NewArtifact, Store } from "#store/types.ts"

const stranger: Actor = { personId: "stranger", scopes: ["owner"] }

let time = 1_700_000_000_000
const clock: Clock = { now: () => ++time, monotonic: () => time }

interface Opened {
  store: Store
  directory: string | null
}

const kinds: [string, () => Promise<Opened>][] = [
  ["memory", async () => ({ store: createMemoryStore({ clock }), directory: null })],
  ["sqlite", openSqlite],
]

async function openSqlite(): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-memories-"))
  const file = join(directory, "zenglow.sqlite")
  const store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger, clock })
  return { store, directory }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )

const origin = { kind: "added", conversationId: null, messageId: null } as const
const vector = (...values: number[]) => Float32Array.from(values)
const keep = (store: Store, text: string, weight = 1, actor = ownerActor) =>
  store.memories.create(actor, { text, weight, ...origin }).then(({ memory }) => memory)

describe.each(kinds)("memories in the %s store", (_name, open) => {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })
  afterEach(async () => {
    await store.close()
    if (opened.directory) await rm(opened.directory, { recursive: true, force: true })
  })

  it("lists what was kept, newest first, with where it was said", async () => {
    const conversation = await store.conversations.create(ownerActor, { title: "Dentist" })
    const { memory } = await store.memories.create(ownerActor, {
      text: "My dentist is in Harbour Street.",
      weight: 1,
      kind: "chat",
      conversationId: conversation.id,
      messageId: "message",
    })
    await keep(store, "The boiler was serviced in May.")
    const { items, total } = await store.memories.list(ownerActor, { limit: 10 })
    expect(items.map(({ text }) => text)).toEqual([
      "The boiler was serviced in May.",
      "My dentist is in Harbour Street.",
    ])
    expect(total).toBe(2)
    expect(items[1]?.source).toEqual({
      kind: "chat",
      conversationId: conversation.id,
      conversationTitle: "Dentist",
      messageId: "message",
    })
    await store.conversations.delete(ownerActor, conversation.id)
    expect((await store.memories.get(ownerActor, memory.id)).source).toMatchObject({
      conversationId: null,
      messageId: null,
    })
  })

  it("keeps the same words once, whatever their case and spaces", async () => {
    const first = await keep(store, "I live in Lisbon.")
    const again = await store.memories.create(ownerActor, { text: "i live  in LISBON", weight: 2, ...origin })
    expect(again).toEqual({ memory: first, isNew: false })
    const other = await keep(store, "I live in Porto.")
    expect(await codeOf(store.memories.update(ownerActor, other.id, { text: "I live in Lisbon" }))).toBe(
      "request.conflict",
    )
  })

  it("pages without gaps or repetitions and finds words", async () => {
    for (let n = 0; n < 7; n++) await keep(store, `Fact number ${n} about ${n % 2 ? "walruses" : "boilers"}.`)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await store.memories.list(ownerActor, { limit: 3, ...(cursor ? { cursor } : {}) })
      seen.push(...page.items.map(({ text }) => text))
      cursor = page.next ?? undefined
    } while (cursor)
    expect(new Set(seen).size).toBe(7)
    expect((await store.memories.list(ownerActor, { q: "walrus", limit: 10 })).items).toHaveLength(3)
    expect((await store.memories.list(ownerActor, { q: "walrus", limit: 10 })).total).toBe(7)
  })

  it("finds by words and by vectors, and never a memory of weight 0", async () => {
    const dentist = await keep(store, "My dentist is in Harbour Street.")
    const boiler = await keep(store, "The boiler was serviced in May.")
    await store.memories.setVector(ownerActor, dentist, "space-a", vector(1, 0))
    await store.memories.setVector(ownerActor, boiler, "space-a", vector(0, 1))
    const words = (terms: string[]) =>
      store.memories.searchLexical(ownerActor, { terms, limit: 5 }).then((found) => found.map(({ id }) => id))
    const near = (fingerprint: string) =>
      store.memories.searchVector(ownerActor, { vector: vector(0.6, 0.8), fingerprint, limit: 5 })
    expect(await words(["dentist", "harbour"])).toEqual([dentist.id])
    expect((await near("space-a")).map(({ memory }) => memory.id)).toEqual([boiler.id, dentist.id])
    expect((await near("space-a"))[0]?.similarity).toBeCloseTo(0.8)
    expect(await near("space-b")).toEqual([])
    const those = { vector: vector(0.6, 0.8), fingerprint: "space-a", limit: 5, ids: [dentist.id, "unknown"] }
    expect((await store.memories.searchVector(ownerActor, those)).map(({ memory }) => memory.id)).toEqual([dentist.id])

    await store.memories.update(ownerActor, boiler.id, { weight: 0 })
    expect((await near("space-a")).map(({ memory }) => memory.id)).toEqual([dentist.id])
    expect(await words(["boiler"])).toEqual([])

    await store.memories.update(ownerActor, dentist.id, { text: "My dentist moved to Mill Lane." })
    expect(await near("space-a")).toEqual([])
    expect(await words(["harbour"])).toEqual([])
    expect(await words(["mill"])).toEqual([dentist.id])
    expect((await store.memories.missingVectors(ownerActor, "space-a", 5)).map(({ id }) => id)).toEqual([dentist.id])
  })

  it("takes no vector for words that are gone", async () => {
    const old = await keep(store, "My dentist is in Harbour Street.")
    await store.memories.update(ownerActor, old.id, { text: "My dentist moved to Mill Lane." })
    await store.memories.setVector(ownerActor, old, "space-a", vector(1, 0))
    expect(
      await store.memories.searchVector(ownerActor, { vector: vector(1, 0), fingerprint: "space-a", limit: 5 }),
    ).toEqual([])
  })

  it("keeps people apart", async () => {
    const own = await keep(store, "The walrus sleeps.")
    await store.memories.setVector(ownerActor, own, "space-a", vector(1, 0))
    expect(await codeOf(store.memories.get(stranger, own.id))).toBe("memory.not-found")
    expect(await codeOf(store.memories.update(stranger, own.id, { weight: 2 }))).toBe("memory.not-found")
    expect(await codeOf(store.memories.delete(stranger, own.id))).toBe("memory.not-found")
    expect(await store.memories.clear(stranger)).toBe(0)
    expect((await store.memories.list(stranger, { limit: 5 })).items).toEqual([])
    expect(await store.memories.searchLexical(stranger, { terms: ["walrus"], limit: 5 })).toEqual([])
    const near = { vector: vector(1, 0), fingerprint: "space-a", limit: 5 }
    expect(await store.memories.searchVector(stranger, near)).toEqual([])
    await store.memories.setVector(stranger, own, "space-b", vector(0, 1))
    expect(await store.memories.searchVector(ownerActor, near)).toHaveLength(1)
    expect(await store.memories.missingVectors(stranger, "space-b", 5)).toEqual([])
    expect((await keep(store, "The walrus sleeps.", 1, stranger)).id).not.toBe(own.id)
    expect((await store.memories.get(ownerActor, own.id)).weight).toBe(1)
  })

  it("keeps a list of artifacts that is found by tag, kind and words, each person their own", async () => {
    const artifact = (name: string, kind: NewArtifact["kind"], tags: string[]): NewArtifact => ({
      kind,
      name,
      hash: "ab".repeat(32),
      sizeBytes: 10,
      tags,
      provenance: { source: `made of ${name}` },
    })
    await store.artifacts.record(ownerActor, artifact("Manuals", "index", ["index", "home"]))
    const model = await store.artifacts.record(ownerActor, artifact("Minilm", "model", ["model", "home"]))
    const list = (query: Parameters<Store["artifacts"]["list"]>[1]) =>
      store.artifacts.list(ownerActor, query).then(({ items }) => items.map(({ name }) => name))
    expect(await list({ limit: 5 })).toEqual(["Minilm", "Manuals"])
    expect(await list({ kind: "index", limit: 5 })).toEqual(["Manuals"])
    expect(await list({ tags: ["home", "model"], limit: 5 })).toEqual(["Minilm"])
    expect(await list({ tags: ["absent"], limit: 5 })).toEqual([])
    expect(await list({ q: "of manuals", limit: 5 })).toEqual(["Manuals"])
    expect((await store.artifacts.list(ownerActor, { limit: 5 })).tags[0]).toEqual({ tag: "home", count: 2 })
    expect((await store.artifacts.setTags(ownerActor, model.id, ["best"])).tags).toEqual(["best"])
    expect(await list({ tags: ["best"], limit: 5 })).toEqual(["Minilm"])
    for (const call of ["get", "delete"] as const)
      expect(await codeOf(store.artifacts[call](stranger, model.id))).toBe("artifact.not-found")
    expect(await codeOf(store.artifacts.setTags(stranger, model.id, []))).toBe("artifact.not-found")
    expect((await store.artifacts.list(stranger, { limit: 5 })).items).toEqual([])
    await store.artifacts.delete(ownerActor, model.id)
    expect(await list({ limit: 5 })).toEqual(["Manuals"])
  })
})

/** Every byte of everything the store has on disk. */
const bytesOf = (directory: string): Buffer =>
  Buffer.concat(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(directory, entry.name))),
  )

describe("forgetting", () => {
  let opened: Opened
  beforeEach(async () => {
    opened = await openSqlite()
  })
  afterEach(async () => {
    await opened.store.close()
    await rm(opened.directory as string, { recursive: true, force: true })
  })
  const secretWord = (n: number) => `zq${"bcdfghjk"[n % 8]}x${n}vault`
  const secretVector = (n: number) =>
    Float32Array.from({ length: 384 }, (_, index) => Math.fround(Math.sin(n * 1000 + index)))

  it("leaves no byte of the words or of the vector in the file or its log", async () => {
    const { store, directory } = opened
    const kept = await keep(store, `The code is ${secretWord(1)}.`)
    const gone = await keep(store, `The other code is ${secretWord(2)}.`)
    for (const [n, memory] of [kept, gone].entries())
      await store.memories.setVector(ownerActor, memory, "space-a", secretVector(n))
    const before = bytesOf(directory as string)
    expect(before.includes(secretWord(2))).toBe(true)
    expect(before.includes(Buffer.from(secretVector(1).buffer))).toBe(true)

    await store.memories.delete(ownerActor, gone.id)

    const after = bytesOf(directory as string)
    expect(after.includes(secretWord(2))).toBe(false)
    expect(after.includes(Buffer.from(secretVector(1).buffer).subarray(0, 64))).toBe(false)
    expect(after.includes(secretWord(1))).toBe(true)
    expect((await store.memories.searchLexical(ownerActor, { terms: [secretWord(1)], limit: 2 }))[0]?.id).toBe(kept.id)
    const near = { vector: secretVector(0), fingerprint: "space-a", limit: 2 }
    expect((await store.memories.searchVector(ownerActor, near)).map(({ memory }) => memory.id)).toEqual([kept.id])
  })

  it("leaves none after any sequence of adding, editing and forgetting", async () => {
    const { store, directory } = opened
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), size: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("edit" as const), at: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("forget" as const), at: fc.nat() }) },
    )
    let n = 10
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const alive = new Map<string, string>()
        const gone: string[] = []
        for (const action of steps) {
          const ids = [...alive.keys()]
          if (action.kind === "add") {
            const word = secretWord(++n)
            // Long ones fill pages, so that rows move between them.
            const memory = await keep(store, `${word} ${"lorem ipsum ".repeat(action.size)}${n}`)
            await store.memories.setVector(ownerActor, memory, "space-a", secretVector(n))
            alive.set(memory.id, word)
            continue
          }
          const id = ids[action.at % Math.max(1, ids.length)]
          if (id === undefined) continue
          gone.push(alive.get(id) as string)
          if (action.kind === "forget") {
            await store.memories.delete(ownerActor, id)
            alive.delete(id)
          } else {
            const word = secretWord(++n)
            await store.memories.update(ownerActor, id, { text: `${word} edited` })
            alive.set(id, word)
          }
        }
        const bytes = bytesOf(directory as string)
        expect(gone.filter((word) => bytes.includes(word))).toEqual([])
        expect([...alive.values()].filter((word) => !bytes.includes(word))).toEqual([])
      }),
      { numRuns: 6 },
    )
    const all = (await store.memories.list(ownerActor, { limit: 1 })).total
    expect(await store.memories.clear(ownerActor)).toBe(all)
    expect(/zq[bcdfghjk]x\d+vault/.test(bytesOf(directory as string).toString("latin1"))).toBe(false)
    expect((await store.check("full")).integrity).toBe("ok")
  })
})
