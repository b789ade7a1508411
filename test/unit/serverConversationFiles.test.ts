import { describe, expect, it } from "vitest"
import { exportConversation } from "#chat/exportConversation.ts"
import { importConversation } from "#chat/importConversation.ts"
import type { Conversation, Message } from "#contract/conversations.ts"
import { ownerActor } from "#core/actor.ts"

const conversation: Conversation = {
  id: "v1",
  title: "Filter\ncare",
  titleIsAutomatic: true,
  personaId: null,
  collectionIds: ["c1"],
  model: null,
  activeMessageId: "m3",
  messageCount: 3,
  createdAt: Date.UTC(2026, 0, 2),
  updatedAt: 1,
}
const message = (id: string, parentId: string | null, role: Message["role"], text: string): Message => ({
  id,
  conversationId: "v1",
  parentId,
  role,
  text,
  reasoning: "",
  endReason: role === "assistant" ? "complete" : null,
  error: null,
  model: role === "assistant" ? "tiny" : null,
  passages: [],
  spans: [],
  timings: [],
  usage: null,
  heardChars: null,
  kind: "text",
  feedback: null,
  createdAt: 1,
})
const passage = {
  n: 2,
  chunkId: "k",
  documentId: "d",
  collectionId: "c1",
  title: "Manual",
  path: "manual.pdf",
  headingPath: [],
  page: 4,
  text: "Change it\nmonthly.",
  start: 0,
  end: 1,
  score: 1,
  similarity: 1,
}
const messages: Message[] = [
  message("m1", null, "user", "How often?"),
  message("m2", "m1", "assistant", "An answer nobody kept."),
  {
    ...message("m3", "m1", "assistant", "Monthly [2]."),
    passages: [passage, { ...passage, n: 3, title: "Unused" }],
    spans: [{ start: 0, end: 12, citations: [2], supported: true }],
  },
]

describe("an exported conversation", () => {
  it("as Markdown is the shown branch with the sources it cites", () => {
    expect(exportConversation(conversation, messages, "md")).toBe(
      [
        "# Filter care",
        "*2026-01-02*",
        "## You",
        "How often?",
        "## ZenGlow (tiny)",
        "Monthly [2].",
        "Sources:",
        "- [2] Manual (manual.pdf, page 4): “Change it monthly.”",
        "",
      ].join("\n\n"),
    )
  })

  it("as JSON is read back with all branches, each message after the one it follows, the one shown last", async () => {
    const file = readExport(exportConversation(conversation, [...messages].reverse(), "json"))
    expect([file.format, file.version]).toEqual(["zenglow-conversation", 1])
    const stored: Message[] = []
    const result = await importConversation(ownerActor, file, {
      import: async (_actor, row, rows) => {
        stored.push(...rows)
        return row
      },
    })
    expect(result).toEqual(conversation)
    expect(stored.map((row) => row.id)).toEqual(["m1", "m2", "m3"])
    expect(stored.find((row) => row.id === "m3")).toEqual(messages[2])
  })

  it("is refused when it is damaged, naming the place, and stores nothing", async () => {
    const never = {
      import: async () => {
        throw new Error("stored")
      },
    }
    const importing = (file: { conversation: unknown; messages: unknown[] }) =>
      importConversation(ownerActor, file, never)
    await expect(importing({ conversation: {}, messages: [] })).rejects.toThrow(/conversation\./)
    const rows = (...list: unknown[]) => importing({ conversation, messages: list })
    await expect(rows({ ...messages[0], role: "robot" })).rejects.toThrow(/messages\.0\.role/)
    await expect(rows(messages[0], messages[0])).rejects.toThrow(/same id/)
    await expect(rows(messages[1])).rejects.toThrow(/not in the file/)
    await expect(rows({ ...messages[0], parentId: "m2" }, messages[1])).rejects.toThrow(/not in the file/)
  })
})

const readExport = (text: string) =>
  JSON.parse(text) as { format: string; version: number; conversation: unknown; messages: unknown[] }
