import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import { unzipSync } from "fflate"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createLeaving } from "#app/leaving.ts"
import { openPeople } from "#app/peopleService.ts"
import { hiddenWords } from "#app/privacyService.ts"
import { datasetRecipe } from "#contract/datasets.ts"
import { roles } from "#core/access.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { newId } from "#core/ids.ts"
import { silentLogger } from "#core/logger.ts"
import { createDatasets, type Datasets } from "#ops/datasets/datasets.ts"
import { createPins } from "#ops/pins.ts"
import { createEraser, type Eraser } from "#ops/privacy/erase.ts"
import { exportEverything } from "#ops/privacy/exportEverything.ts"
import { openPiiVault } from "#store/pii/openPiiVault.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { PiiRepository, Store } from "#store/types.ts"

let dir: string
let store: Store
let vault: PiiRepository & { close(): void }
let datasets: Datasets
let eraser: Eraser
let ada: Actor
const { signal } = new AbortController()
const canary = "The heron statue hides a brass key under its left wing."
const chatCanary = "Where did aunt Marta Kessler bury the silver teapot of 1932?"

const sealedSound = Buffer.from("the sealed sound of a question".repeat(8)).toString("base64")

async function fill(actor: Actor): Promise<string> {
  const collection = await store.collections.create(actor, { name: "Garden" })
  const { document } = await store.documents.upsert(actor, {
    collectionId: collection.id,
    title: "Heron",
    path: "heron.md",
    kind: "md",
    sizeBytes: canary.length,
    filePath: null,
    contentHash: "h",
  })
  await store.documents.writeContent(actor, document.id, {
    text: canary,
    pages: [],
    pageCount: null,
    chunks: [{ ordinal: 0, text: canary, headingPath: [], page: null, start: 0, end: canary.length, tokenCount: 12 }],
    vectors: null,
    fingerprint: null,
  })
  const conversation = await store.conversations.create(actor, { title: "Teapot" })
  const question = await store.messages.append(actor, {
    conversationId: conversation.id,
    parentId: null,
    role: "user",
    kind: "text",
    text: chatCanary,
  })
  await store.turnSounds.add(actor, { messageId: question.id, durationMs: 900, sealed: sealedSound }, 20)
  await store.messages.append(actor, {
    conversationId: conversation.id,
    parentId: question.id,
    role: "assistant",
    kind: "text",
    text: "Behind the shed, Marta wrote to m.kessler@example.org about it.",
    endReason: "complete",
  })
  await store.memories.create(actor, {
    text: "Marta Kessler turns eighty in the first week of June.",
    weight: 1,
    kind: "added",
    conversationId: null,
    messageId: null,
  })
  return collection.id
}

const nothing = async (): Promise<void> => {}

/** Bytes of every file, whatever it is. */
const filesWith = (text: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text))

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "zenglow-erase-"))
  store = await openSqliteStore({ file: join(dir, "zenglow.db"), backupDir: join(dir, "backups"), log: silentLogger })
  vault = openPiiVault({ file: join(dir, "pii.db"), key: Buffer.alloc(32, 7) })
  const { id } = await store.people.create(ownerActor, { name: "Ada", role: "adult" })
  ada = { personId: id, role: "adult", scopes: roles.adult.scopes }
  datasets = createDatasets({
    store,
    dir: join(dir, "datasets"),
    voiceOf: () => null,
    namesFor: (actor) => hiddenWords(actor, store, vault),
    record: (actor, artifact) => store.artifacts.record(actor, artifact),
    version: "test",
    clock: systemClock,
  })
  const people = await openPeople({
    store,
    pins: createPins(systemClock),
    leave: createLeaving(() => ({
      store,
      jobs: { list: async () => [], cancel: nothing },
      folders: { forgetCollection: nothing },
      documents: { forgetCollection: async (id) => rmSync(join(dir, "uploads", id), { recursive: true, force: true }) },
      datasets,
      vault,
    })),
    settle: nothing,
    onShared: () => {},
  })
  eraser = createEraser({
    store,
    vault,
    datasets,
    async leave(actor) {
      await datasets.deleteWith(actor, null)
      await vault.clear(actor)
    },
    deleteDocument: store.documents.delete,
    deleteMemory: store.memories.delete,
    removePerson: (actor, personId, things) => people.remove(actor, personId, things),
    actorOf: (personId) => (personId === ada.personId ? ada : null),
    changed: () => {},
    backups: async () => [{ name: "2026-01-01", madeAt: 1 }],
    dataDir: dir,
  })
})
afterEach(async () => {
  await store.close()
  vault.close()
  rmSync(dir, { recursive: true, force: true })
})

const buildTeapots = () => {
  const recipe = datasetRecipe.parse({ name: "teapots", maskPersonalData: false })
  return datasets.build(ada, { id: newId(), recipe, consentAt: 1 }, () => {}, signal)
}

it("leaves no byte of what was erased in any file, nothing of others missing, and lists the backups that still have it", async () => {
  await fill(ada)
  await fill(ownerActor)
  await buildTeapots()
  expect(filesWith("silver teapot").length).toBeGreaterThan(0)
  await expect(eraser.erase(ada, { what: "mine", confirm: "Adam" }, signal)).rejects.toMatchObject({
    code: "request.conflict",
  })

  // The owner's copies of the same words go first, so that the file may hold none.
  await eraser.erase(ownerActor, { what: "mine", confirm: "owner" }, signal)
  expect(await store.conversations.list(ada, { limit: 10 })).toMatchObject({ items: [{ title: "Teapot" }] })
  const { erased, proof } = await eraser.erase(ada, { what: "mine", confirm: "ada" }, signal)

  expect(erased).toEqual({ people: 0, conversations: 1, collections: 1, documents: 1, memories: 1, datasets: 1 })
  for (const word of [
    "brass key",
    "silver teapot",
    "turns eighty",
    "behind the shed",
    "teapot",
    sealedSound.slice(0, 40),
  ])
    expect(filesWith(word), word).toEqual([])
  expect(proof).toMatchObject({ searched: 4, residue: [], backups: [{ name: "2026-01-01" }] })
  expect(proof.filesRead).toBeGreaterThan(1)
  expect((await store.check("full")).integrity).toBe("ok")
  expect(await store.people.get(ada, ada.personId)).toMatchObject({ name: "Ada" })
})

it("tells in its proof where something is left", async () => {
  await fill(ada)
  writeFileSync(join(dir, "forgotten.log"), `somebody noted: ${canary}`)
  writeFileSync(join(dir, "wide.bin"), Buffer.from(canary, "utf16le"))
  const { proof } = await eraser.erase(ada, { what: "mine", confirm: "Ada" }, signal)
  expect(proof.residue.toSorted()).toEqual(["forgotten.log", "wide.bin"])
})

it("erases everything of everybody for the owner alone", async () => {
  await fill(ada)
  await fill(ownerActor)
  await expect(eraser.erase(ada, { what: "everything", confirm: "Ada" }, signal)).rejects.toMatchObject({
    code: "access.denied",
  })
  const { erased, proof } = await eraser.erase(ownerActor, { what: "everything", confirm: "Owner" }, signal)
  expect(erased).toMatchObject({ people: 1, conversations: 2, documents: 2 })
  expect(proof.residue).toEqual([])
  expect(filesWith("silver teapot")).toEqual([])
  expect((await store.people.list(ownerActor)).map(({ name }) => name)).toEqual(["Owner"])
})

describe("somebody who is removed", () => {
  const sealedVoice = Buffer.from("the sealed embedding of a voice".repeat(8)).toString("base64")
  beforeEach(async () => {
    const collectionId = await fill(ada)
    mkdirSync(join(dir, "uploads", collectionId), { recursive: true })
    writeFileSync(join(dir, "uploads", collectionId, "heron.md"), canary)
    const { id } = await store.voiceProfiles.create(ada, { name: "Ada", fingerprint: "f", sealed: sealedVoice })
    await store.people.update(ownerActor, ada.personId, { speakerId: id })
    await vault.add(ada, { label: "Aunt", identifiers: [{ kind: "name", value: "Marta Kessler" }] })
    await buildTeapots()
  })

  it("leaves no byte of texts, files, voice, vault or datasets where everything is erased", async () => {
    const proof = await eraser.remove(ownerActor, ada.personId, "erase", signal)
    expect(proof).toMatchObject({ residue: [], backups: [{ name: "2026-01-01" }] })
    expect(proof.searched).toBeGreaterThanOrEqual(4)
    for (const word of [
      "brass key",
      "silver teapot",
      "turns eighty",
      "teapot",
      "Kessler",
      sealedVoice.slice(0, 40),
      sealedSound.slice(0, 40),
    ])
      expect(filesWith(word), word).toEqual([])
    const inVault = new Database(join(dir, "pii.db"), { readonly: true })
    expect(inVault.prepare("SELECT count(*) AS count FROM pii_identifiers").get()).toEqual({ count: 0 })
    inVault.close()
    expect((await store.people.list(ownerActor)).map(({ name }) => name)).toEqual(["Owner"])
  })

  it("leaves chats and documents to the owner where they are kept, and still nothing that is only theirs", async () => {
    const proof = await eraser.remove(ownerActor, ada.personId, "keep", signal)
    expect(proof).toMatchObject({ residue: [] })
    expect(proof.searched).toBeGreaterThan(0)
    expect(filesWith(sealedVoice.slice(0, 40))).toEqual([])
    expect(filesWith(sealedSound.slice(0, 40))).toEqual([])
    expect(filesWith("teapot").filter((file) => file.includes("datasets"))).toEqual([])
    expect(await vault.list(ada)).toEqual([])
    expect(await store.conversations.list(ownerActor, { limit: 10 })).toMatchObject({ items: [{ title: "Teapot" }] })
    expect(filesWith("brass key").length).toBeGreaterThan(0)
  })

  it("keeps everything where it is the owner who should go", async () => {
    await fill(ownerActor)
    await expect(eraser.remove(ownerActor, "owner", "erase", signal)).rejects.toMatchObject({
      code: "request.conflict",
    })
    expect((await store.memories.list(ownerActor, { limit: 10 })).items).toHaveLength(1)
  })
})

it("erases one named person from chats, documents, memories and datasets, and keeps the rest", async () => {
  await fill(ada)
  await store.memories.create(ada, {
    text: "The boiler is serviced every October.",
    weight: 1,
    kind: "added",
    conversationId: null,
    messageId: null,
  })
  const subject = await vault.add(ada, {
    label: "Aunt",
    identifiers: [
      { kind: "name", value: "Marta Kessler" },
      { kind: "email", value: "m.kessler@example.org" },
    ],
  })
  await buildTeapots()
  expect(await eraser.mentions(ada, subject.id)).toMatchObject({ messages: 2, memories: 1, documents: 0 })
  await expect(eraser.mentions(ownerActor, subject.id)).rejects.toMatchObject({ code: "pii.not-found" })
  const { erased, proof } = await eraser.eraseSubject(ada, subject.id, signal)
  expect(erased).toEqual({ conversations: 1, messages: 2, documents: 0, memories: 1, datasets: 1 })
  expect(proof).toMatchObject({ searched: 2, residue: [] })
  for (const word of ["Marta", "Kessler", "m.kessler", sealedSound.slice(0, 40)])
    expect(filesWith(word), word).toEqual([])
  const [conversation] = (await store.conversations.list(ada, { limit: 10 })).items
  const messages = await store.messages.list(ada, conversation?.id ?? "", { limit: 10 })
  expect(messages.items[0]?.text).toBe("Where did aunt [erased] bury the silver teapot of 1932?")
  expect((await store.memories.list(ada, { limit: 10 })).items.map(({ text }) => text)).toEqual([
    "The boiler is serviced every October.",
  ])
  expect(await vault.list(ada)).toEqual([])
})

it("exports everything of one person, readable and for programs, and nothing of others", async () => {
  await fill(ada)
  await store.memories.create(ownerActor, {
    text: "The owner's secret safe is behind the map.",
    weight: 1,
    kind: "added",
    conversationId: null,
    messageId: null,
  })
  const bytes = await exportEverything(
    ada,
    {
      store,
      vault,
      datasets,
      uploadsDir: join(dir, "uploads"),
      markdown: (_, messages) => messages.map(({ text }) => text).join("\n\n"),
    },
    signal,
  )
  const files = Object.fromEntries(
    Object.entries(unzipSync(bytes)).map(([name, body]) => [name, Buffer.from(body).toString("utf8")]),
  )
  const all = Object.values(files).join("\n")
  for (const text of [canary, chatCanary, "turns eighty", "Ada"]) expect(all).toContain(text)
  expect(all).not.toContain("secret safe")
  const index = files["index.html"] ?? ""
  for (const name of Object.keys(files)) if (name !== "index.html") expect(index).toContain(`href="${encodeURI(name)}"`)
})

it("keeps nothing readable in the vault's file, and nothing at all once it is deleted", async () => {
  const { id } = await vault.add(ada, { label: "Neighbour", identifiers: [{ kind: "phone", value: "+49 30 901820" }] })
  expect(filesWith("Neighbour").concat(filesWith("901820"))).toEqual([])
  expect(await vault.list(ownerActor)).toEqual([])
  await expect(vault.delete(ownerActor, id)).rejects.toMatchObject({ code: "pii.not-found" })
  const stolen = openPiiVault({ file: join(dir, "pii.db"), key: Buffer.alloc(32, 8) })
  await expect(stolen.list(ada)).rejects.toMatchObject({ code: "secrets.damaged" })
  stolen.close()
  await vault.delete(ada, id)
  expect(filesWith(id)).toEqual([])
})
