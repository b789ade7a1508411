import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { timelineEvent } from "#contract/timeline.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"

const start = 1_700_000_040_000
let time = start
/** Each call is a second later: every row has its own time. */
const clock: Clock = { now: () => time, monotonic: () => time }
const later = (ms = 1000) => {
  time += ms
}
const ada: Actor = { personId: "ada", scopes: ["chat", "rag"], role: "adult" }

const kinds: [string, () => Promise<{ store: Store; remove: () => Promise<void> }>][] = [
  ["memory", async () => ({ store: createMemoryStore({ clock }), remove: async () => {} })],
  [
    "sqlite",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "zenglow-timeline-"))
      const file = join(directory, "zenglow.sqlite")
      const store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger, clock })
      return { store, remove: () => rm(directory, { recursive: true, force: true }) }
    },
  ],
]

describe.each(kinds)("the timeline of the %s store", (_name, open) => {
  let store: Store
  let remove: () => Promise<void>
  beforeEach(async () => {
    time = start
    ;({ store, remove } = await open())
  })
  afterEach(async () => {
    await store.close()
    await remove()
  })

  const addDocument = async (actor: Actor, collectionId: string, title: string) => {
    await store.documents.upsert(actor, {
      collectionId,
      title,
      path: `${title}.md`,
      kind: "md",
      sizeBytes: 10,
      filePath: null,
      contentHash: title,
    })
  }
  const answer = async (actor: Actor, title: string, endReason: "complete" | "error" = "complete") => {
    const conversation = await store.conversations.create(actor, { title })
    await store.messages.append(actor, {
      conversationId: conversation.id,
      parentId: null,
      role: "user",
      text: "Secret?",
      kind: "text",
    })
    await store.messages.append(actor, {
      conversationId: conversation.id,
      parentId: null,
      role: "assistant",
      text: "Secret.",
      kind: "text",
      endReason,
    })
    return conversation
  }
  const audited = (actor: Actor, action: string, outcome: "ok" | "denied" = "ok") =>
    store.audit.record(actor, { action, subject: "x", outcome, requestId: null })
  const events = async (actor: Actor, query: Partial<Parameters<Store["timeline"]["list"]>[1]> = {}) =>
    (await store.timeline.list(actor, { limit: 50, ...query })).items.map((item) => timelineEvent.parse(item))

  /** One of everything, oldest first. */
  const live = async () => {
    const collection = await store.collections.create(ownerActor, { name: "Papers" })
    await addDocument(ownerActor, collection.id, "One")
    await addDocument(ownerActor, collection.id, "Two")
    later(120_000)
    await addDocument(ownerActor, collection.id, "Three")
    later()
    const conversation = await answer(ownerActor, "About the lease")
    later()
    const job = await store.jobs.create(ownerActor, {
      kind: "model-pull",
      title: "Qwen",
      unit: "bytes",
      subjectId: "qwen",
      payload: null,
    })
    later()
    await store.jobs.update(ownerActor, job.id, { status: "done" })
    await store.jobs.create(ownerActor, {
      kind: "ingest",
      title: "Papers",
      unit: "files",
      subjectId: null,
      payload: null,
    })
    later()
    await audited(ownerActor, "people.add")
    later()
    await audited(ownerActor, "access.denied", "denied")
    return { collection, conversation }
  }

  it("tells what happened, newest first, with documents of one minute together and no word of what was said", async () => {
    await live()
    const told = await events(ownerActor)
    expect(told.map(({ kind, event, outcome, title, count }) => [kind, event, outcome, title, count])).toEqual([
      ["system", "access.denied", "denied", null, 1],
      ["people", "people.add", "ok", null, 1],
      ["model", "model-pull", "ok", "Qwen", 1],
      ["turn", "turn.answered", "ok", "About the lease", 1],
      ["document", "document.added", "ok", "Three", 1],
      ["document", "document.added", "ok", "One", 2],
    ])
    expect(JSON.stringify(told)).not.toContain("Secret")
  })

  it("finds by kind, time and person", async () => {
    await live()
    later()
    await audited(ada, "session.open")
    expect((await events(ownerActor, { kind: "model" })).map(({ event }) => event)).toEqual(["model-pull"])
    expect((await events(ownerActor, { personId: "ada" })).map(({ event }) => event)).toEqual(["session.open"])
    expect(await events(ownerActor, { sinceMs: time + 1 })).toEqual([])
    expect((await events(ownerActor, { untilMs: start })).map(({ count }) => count)).toEqual([2])
  })

  it("pages through everything once", async () => {
    await live()
    const whole = await events(ownerActor)
    const paged = []
    let cursor: string | undefined
    do {
      const { items, next } = await store.timeline.list(ownerActor, { limit: 2, ...(cursor ? { cursor } : {}) })
      paged.push(...items)
      cursor = next ?? undefined
    } while (cursor)
    expect(paged).toEqual(whole)
  })

  it("shows each person their own; of others the owner sees what the audit log holds", async () => {
    await live()
    await answer(ada, "Ada's worries", "error")
    later()
    await audited(ada, "conversation.delete")
    expect((await events(ada)).map(({ event, outcome }) => [event, outcome])).toEqual([
      ["conversation.delete", "ok"],
      ["turn.answered", "failed"],
    ])
    const owners = await events(ownerActor)
    expect(owners[0]?.event).toBe("conversation.delete")
    expect(JSON.stringify(owners)).not.toContain("worries")
  })

  it("forgets with what is erased", async () => {
    const { collection, conversation } = await live()
    await store.collections.delete(ownerActor, collection.id)
    await store.conversations.delete(ownerActor, conversation.id)
    expect((await events(ownerActor)).map(({ kind }) => kind)).toEqual(["system", "people", "model"])
  })
})
