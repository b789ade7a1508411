import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { strToU8, zipSync } from "fflate"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { importChats } from "#chat/imports/importChats.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"

const { signal } = new AbortController()
let folder: string
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zenglow-imports-"))
  store = await openSqliteStore({
    file: join(folder, "zenglow.db"),
    backupDir: join(folder, "backups"),
    log: silentLogger,
  })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string, content: string | Uint8Array): { path: string; name: string } => {
  const path = join(folder, `${Math.random()}`)
  writeFileSync(path, content)
  return { path, name }
}
const bring = (...files: { path: string; name: string }[]) =>
  importChats(ownerActor, files, { conversations: store.conversations, clock: { now: () => 5000 } }, signal)
const textsOf = async (id: string): Promise<string[]> =>
  (await store.messages.list(ownerActor, id, { limit: 100 })).items.map(({ role, text }) => `${role}: ${text}`)

type Role = "user" | "assistant" | "system" | "tool"
const node = (parent: string | null, children: string[], role?: Role, more: object = {}, content?: object) => ({
  parent,
  children,
  message: role
    ? {
        author: { role },
        create_time: 1_700_000_001.5,
        recipient: "all",
        content: content ?? { content_type: "text", parts: [`${role} says`] },
        metadata: {},
        ...more,
      }
    : null,
})
/** With a hidden system message, a call of a tool, and the first answer written again. */
const ideas = {
  title: "Ideas",
  create_time: 1_700_000_000.25,
  update_time: 1_700_000_900,
  current_node: "a1",
  mapping: {
    root: node(null, ["s"]),
    s: node("root", ["q"], "system"),
    q: node("s", ["a1", "call"], "user", {}, { content_type: "text", parts: ["Name a tree."] }),
    a1: node("q", [], "assistant", { metadata: { model_slug: "gpt-x" } }, { content_type: "text", parts: ["Oak."] }),
    call: node("q", ["tool"], "assistant", { recipient: "browser" }, { content_type: "code", text: "search()" }),
    tool: node("call", ["a2"], "tool"),
    a2: node("tool", ["q2"], "assistant", {}, { content_type: "text", parts: ["Elm."] }),
    q2: node("a2", [], "user", {}, { content_type: "multimodal_text", parts: [{ asset_pointer: "x" }, "And this?"] }),
  },
}

describe("a data export of ChatGPT", () => {
  it("comes with its branches, the one shown there shown here, and without what was hidden", async () => {
    const zip = zipSync({ "conversations.json": strToU8(JSON.stringify([ideas])), "chat.html": strToU8("<html>") })
    const { imported, skipped } = await bring(file("export.zip", zip))
    expect(skipped).toEqual([])
    const id = imported[0]?.id ?? ""
    const stored = await store.conversations.get(ownerActor, id)
    expect(stored).toMatchObject({ title: "Ideas", createdAt: 1_700_000_000_250, messageCount: 4 })
    const messages = (await store.messages.list(ownerActor, id, { limit: 100 })).items
    const byText = new Map(messages.map((message) => [message.text, message]))
    const question = byText.get("Name a tree.")
    expect(question?.parentId).toBeNull()
    expect(byText.get("Oak.")).toMatchObject({ parentId: question?.id, model: "gpt-x", endReason: "complete" })
    expect(byText.get("Elm.")?.parentId).toBe(question?.id)
    expect(byText.get("*(an attachment was here)*\n\nAnd this?")?.parentId).toBe(byText.get("Elm.")?.id)
    expect(stored.activeMessageId).toBe(byText.get("Oak.")?.id)
  })

  it("brought again adds only what is new", async () => {
    const later = { ...ideas, title: "Later", create_time: 1_700_000_950 }
    await bring(file("conversations.json", JSON.stringify([ideas])))
    const { imported, skipped } = await bring(file("conversations-000.json", JSON.stringify([ideas, later])))
    expect(imported.map(({ title }) => title)).toEqual(["Later"])
    expect(skipped).toEqual([{ title: "Ideas", reason: "It is here already." }])
  })

  it("with a conversation of another form, a circle and an empty one: the rest comes", async () => {
    const circle = {
      title: "Circle",
      create_time: 1,
      mapping: { a: node(null, ["b"], "user"), b: node("a", ["a", "b"], "assistant") },
    }
    const broken = { title: "Broken", mapping: { a: { children: 7 } } }
    const empty = { title: "Empty", mapping: { a: node(null, []) } }
    const text = JSON.stringify([broken, circle, empty, ideas])
    const { imported, skipped } = await bring(file("conversations.json", text))
    expect(imported.map(({ title }) => title)).toEqual(["Circle", "Ideas"])
    expect(skipped.map(({ title }) => title)).toEqual(["Broken", "Empty"])
    expect(await textsOf(imported[0]?.id ?? "")).toEqual(["user: user says", "assistant: assistant says"])
  })
})

describe("a chat of Jan", () => {
  const thread = JSON.stringify({ id: "t", title: "", created: 1_700_000_000, assistants: [{ model: { id: "qwen" } }] })
  const line = (id: string, role: string, value: string): string =>
    JSON.stringify({ id, role, created_at: 1_700_000_000_500, content: [{ type: "text", text: { value } }] })
  const lines = [line("1", "user", "Hello there"), line("2", "assistant", "Hi!"), ""].join("\n")

  it("comes from its two files, named by its first question", async () => {
    const { imported } = await bring(file("thread.json", thread), file("messages.jsonl", lines))
    expect(imported).toMatchObject([{ title: "Hello there" }])
    expect(await textsOf(imported[0]?.id ?? "")).toEqual(["user: Hello there", "assistant: Hi!"])
  })

  it("comes from a zip of the folder with all of them, each with its own messages", async () => {
    const other = line("1", "user", "Other")
    const zip = zipSync({
      "threads/a/thread.json": strToU8(thread),
      "threads/a/messages.jsonl": strToU8(lines),
      "threads/b/thread.json": strToU8(thread),
      "threads/b/messages.jsonl": strToU8(other),
      "threads/c/thread.json": strToU8(thread),
      "threads/d/thread.json": strToU8(thread),
      "threads/d/messages.jsonl": strToU8("{nonsense"),
    })
    const { imported, skipped } = await bring(file("jan.zip", zip))
    expect(imported.map(({ title }) => title)).toEqual(["Hello there", "Other"])
    expect(skipped.map(({ reason }) => reason)).toEqual([
      "Its messages.jsonl was not chosen with it.",
      "One of its lines is not JSON.",
    ])
  })
})

describe("files without chats", () => {
  it("are refused with what to choose instead, and nothing is stored", async () => {
    const zip = zipSync({ "photo.jpg": new Uint8Array(100) })
    const damaged = zipSync({ "conversations.json": strToU8(JSON.stringify([ideas])) }).slice(0, 60)
    await expect(bring(file("a.zip", zip))).rejects.toMatchObject({ code: "request.invalid" })
    await expect(bring(file("b.zip", damaged))).rejects.toMatchObject({ code: "request.invalid" })
    await expect(bring(file("c.json", '{"a":1}'))).rejects.toMatchObject({ code: "request.invalid" })
    expect((await store.conversations.list(ownerActor, { limit: 10 })).items).toEqual([])
  })

  it("that say they unpack to gigabytes are refused unread", async () => {
    const zip = zipSync({ "conversations.json": strToU8("[]") })
    // The size in the central directory, which is what readers go by.
    const view = new DataView(zip.buffer, zip.byteOffset)
    for (let at = 0; at < zip.length - 4; at++)
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 0x7fffffff, true)
    await expect(bring(file("bomb.zip", zip))).rejects.toMatchObject({ code: "request.too-large" })
  })
})
