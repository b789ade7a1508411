import type { Artifact } from "#contract/artifacts.ts"
import type { Memory } from "#contract/memory.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { RouteKey, Routes } from "#contract/routes.ts"
import type { ServerMessage } from "#contract/socket.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { SeedState } from "./seed.ts"

type Handlers = {
  [K in RouteKey]?: (input: RouteInput<Routes[K]>, files: string[]) => RouteOutput<Routes[K]>
}

const hour = 3_600_000
const added = { kind: "added", conversationId: null, conversationTitle: null, messageId: null } as const

function seedMemories(state: SeedState, now: number): Memory[] {
  if (state === "empty" || state === "error") return []
  const chat = {
    kind: "chat",
    conversationId: "conversation-4",
    conversationTitle: "Lease: notice period",
    messageId: "x",
  } as const
  return [
    { id: "m3", text: "My dentist is in Harbour Street.", weight: 1, source: chat, createdAt: now - hour },
    {
      id: "m2",
      text: "Ada is allergic to peanuts and tree nuts.",
      weight: 2,
      source: added,
      createdAt: now - 30 * hour,
    },
    {
      id: "m1",
      text: "The boiler was serviced in May by Kessler & Sons; their number is on the sticker behind the door.",
      weight: 0,
      source: {
        ...chat,
        kind: "voice" as const,
        conversationTitle: "Names for the boat",
        conversationId: "conversation-6",
      },
      createdAt: now - 400 * hour,
    },
  ].map((memory) => ({ ...memory, updatedAt: memory.createdAt + (memory.id === "m1" ? hour : 0) }))
}

function seedArtifacts(state: SeedState, now: number): Artifact[] {
  if (state === "empty" || state === "error") return []
  return [
    {
      id: "a3",
      kind: "export",
      name: "Changing the filter",
      hash: "3f".repeat(32),
      sizeBytes: 5210,
      tags: ["export", "md"],
      provenance: { conversationId: "conversation-1", messages: 6 },
      createdAt: now - hour,
    },
    {
      id: "a2",
      kind: "index",
      name: "Manuals",
      hash: "a7".repeat(32),
      sizeBytes: 18_400_000,
      tags: ["index", "collection", "all-minilm-l6-v2"],
      provenance: { collectionId: "collection-1", documents: 34, passages: 2210, embedder: "all-minilm-l6-v2" },
      createdAt: now - 26 * hour,
    },
    {
      id: "a1",
      kind: "model",
      name: "Qwen2.5 1.5B Instruct",
      hash: "0c".repeat(32),
      sizeBytes: 1_120_000_000,
      tags: ["model", "llm", "apache-2.0"],
      provenance: { modelId: "qwen2.5-1.5b-instruct", licence: "Apache-2.0", files: 1, sources: "npm" },
      createdAt: now - 300 * hour,
    },
  ]
}

/** Memories, artifacts and the inspector, kept in memory. `fail`: throws an error of the contract. */
export function knowledgeHandlers(
  state: SeedState,
  now: number,
  changed: (channel: ServerMessage["channel"], id?: string | null) => void,
  fail: (code: "memory.not-found" | "artifact.not-found") => never,
): Handlers {
  let memories = seedMemories(state, now)
  let artifacts = seedArtifacts(state, now)
  return {
    "GET /api/memory": ({ query: { q = "" } }) => {
      const items = memories.filter(({ text }) => text.toLowerCase().includes(q.toLowerCase()))
      return { items, next: null, total: memories.length }
    },
    "POST /api/memory": ({ body: { text, weight, conversationId = null, messageId = null } }) => {
      const source = conversationId === null ? added : { ...added, kind: "chat" as const, conversationId, messageId }
      const memory: Memory = { id: `new-${memories.length}`, text, weight, source, createdAt: now, updatedAt: now }
      memories = [memory, ...memories]
      changed("memory", memory.id)
      return memory
    },
    "PATCH /api/memory/:id": ({ params, body }) => {
      const found = memories.find(({ id }) => id === params.id) ?? fail("memory.not-found")
      const { text = found.text, weight = found.weight } = body
      const after: Memory = { ...found, text, weight, updatedAt: now + 1 }
      memories = memories.map((memory) => (memory.id === after.id ? after : memory))
      return after
    },
    "DELETE /api/memory/:id": ({ params }) => {
      memories = memories.filter(({ id }) => id !== params.id)
      changed("memory", params.id)
      return { ok: true }
    },
    "DELETE /api/memory": () => {
      const forgotten = memories.length
      memories = []
      return { forgotten }
    },
    "GET /api/artifacts": ({ query: { kind, tag, q = "" } }) => {
      const tags = (tag ?? "").split(",").filter(Boolean)
      const counts = new Map<string, number>()
      for (const one of artifacts.flatMap((artifact) => artifact.tags)) counts.set(one, (counts.get(one) ?? 0) + 1)
      return {
        items: artifacts.filter(
          (artifact) =>
            (kind === undefined || artifact.kind === kind) &&
            tags.every((one) => artifact.tags.includes(one)) &&
            artifact.name.toLowerCase().includes(q.toLowerCase()),
        ),
        next: null,
        tags: [...counts].map(([one, count]) => ({ tag: one, count })),
      }
    },
    "PATCH /api/artifacts/:id": ({ params, body }) => {
      const found = artifacts.find(({ id }) => id === params.id) ?? fail("artifact.not-found")
      const after = { ...found, tags: body.tags }
      artifacts = artifacts.map((artifact) => (artifact.id === after.id ? after : artifact))
      return after
    },
    "DELETE /api/artifacts/:id": ({ params }) => {
      artifacts = artifacts.filter(({ id }) => id !== params.id)
      return { ok: true }
    },
    "POST /api/documents/:id/why": ({ params, body }) => ({
      documentId: params.id,
      title: "Boiler handbook",
      path: "manuals/boiler.pdf",
      question: body.question,
      outcome: "beaten-by-rank",
      summary:
        "Other documents match better than “Boiler handbook”. Its best passage is number 9; an answer reads the first 6.",
      fix: "Name the document or its subject in the question, search its collection alone, or raise “Passages per answer” in Settings.",
      steps: [
        { name: "parse", status: "ok", detail: "48,210 characters of text on 32 pages." },
        { name: "chunk", status: "ok", detail: "121 passages." },
        { name: "embed", status: "warning", detail: "118 of 121 passages have vectors of all-minilm-l6-v2." },
        { name: "filter", status: "ok", detail: "All collections are searched." },
        { name: "lexical", status: "ok", detail: "Its best passage is number 14 of 88 by words." },
        { name: "vector", status: "ok", detail: "Its best passage is number 7 of 1000 by meaning." },
        { name: "fusion", status: "failed", detail: "Its best passage is number 9; an answer reads the first 6." },
        { name: "threshold", status: "skipped", detail: "Not reached." },
        { name: "budget", status: "skipped", detail: "Not reached." },
      ],
      best: {
        chunkId: "chunk-1",
        text: "Have the burner inspected once a year, before the heating season begins.",
        headingPath: ["Care"],
        page: 12,
        lexicalRank: 14,
        vectorRank: 7,
        fusedRank: 9,
        score: 0.41,
        similarity: 0.52,
      },
      confidence: 0.82,
      floor: 0.5,
      winners: [
        {
          documentId: "document-1",
          title: "Aria air purifier: manual",
          textPreview: "Change the filter every six months.",
          score: 0.94,
        },
      ],
    }),
  }
}

/** What a turn says of memory: an order is kept, a stated fact is proposed. */
export function memoryEvent(question: string): TurnEventBody | null {
  const kept = /^remember that (.+)$/i.exec(question)?.[1]
  if (kept) return { type: "memory", action: "stored", memoryId: "m3", text: kept }
  const stated = /^(I live in [^.]+\.)/.exec(question)?.[1]
  return stated ? { type: "memory", action: "proposed", memoryId: null, text: stated } : null
}
