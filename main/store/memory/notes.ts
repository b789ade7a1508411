import type { Artifact } from "#contract/artifacts.ts"
import type { Memory } from "#contract/memory.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import { dot } from "#core/dot.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { memoryKey } from "../memoryKey.ts"
import type { ArtifactRepository, MemoryRepository } from "../types.ts"
import { copy, found, given, mine, type Owned, removeWhere, type Tables } from "./tables.ts"
import { matchesAll, wordsOf } from "./words.ts"

type MemoryRow = Owned<{ memory: Memory; vector: { fingerprint: string; values: Float32Array } | null }>

/** Memories and artifacts. */
export function createMemoryNotes(tables: Tables): { memories: MemoryRepository; artifacts: ArtifactRepository } {
  const rows: { memories: MemoryRow[]; artifacts: Owned<{ artifact: Artifact }>[] } = { memories: [], artifacts: [] }
  tables.onRemoval.push((personId, things) => {
    const known = new Set(mine(ownerActor, rows.memories).map(({ memory }) => memoryKey(memory.text)))
    removeWhere(rows.memories, (row) => row.ownerId === personId && known.has(memoryKey(row.memory.text)))
    given(rows.memories)(personId, things)
  }, given(rows.artifacts))
  const rowOf = (actor: Actor, id: string): MemoryRow =>
    found(
      "memory",
      mine(actor, rows.memories).find(({ memory }) => memory.id === id),
    )
  const artifactOf = (actor: Actor, id: string) =>
    found(
      "artifact",
      mine(actor, rows.artifacts).find(({ artifact }) => artifact.id === id),
    )
  const toMemory = ({ memory }: MemoryRow): Memory => {
    const conversation = tables.conversations.find(
      (row) => row.id === memory.source.conversationId && row.deletedAt === null,
    )
    const source = conversation
      ? { ...memory.source, conversationTitle: conversation.title }
      : { ...memory.source, conversationId: null, conversationTitle: null, messageId: null }
    return copy({ ...memory, source })
  }
  const searchable = (actor: Actor): MemoryRow[] => mine(actor, rows.memories).filter(({ memory }) => memory.weight > 0)

  const memories: MemoryRepository = {
    async create(actor, { text, weight, kind, conversationId, messageId }) {
      const known = mine(actor, rows.memories).find(({ memory }) => memoryKey(memory.text) === memoryKey(text))
      if (known) return { memory: toMemory(known), isNew: false }
      if (conversationId !== null) {
        found(
          "conversation",
          mine(actor, tables.conversations).find((row) => row.id === conversationId && row.deletedAt === null),
        )
      }
      const now = tables.clock.now()
      const source = { kind, conversationId, conversationTitle: null, messageId }
      const memory = { id: newId(), text, weight, source, createdAt: now, updatedAt: now }
      const row: MemoryRow = { ownerId: actor.personId, seq: tables.nextSeq(), memory, vector: null }
      rows.memories.push(row)
      return { memory: toMemory(row), isNew: true }
    },
    get: async (actor, id) => toMemory(rowOf(actor, id)),
    async list(actor, query) {
      const before = decodeCursor(query.cursor, 1)?.[0] ?? Number.MAX_SAFE_INTEGER
      const own = mine(actor, rows.memories)
      const wanted = wordsOf(query.q ?? "")
      const page = own
        .filter(({ seq, memory }) => seq < before && matchesAll(memory.text, wanted))
        .sort((a, b) => b.seq - a.seq)
        .slice(0, query.limit + 1)
      return { ...toPage(page, query.limit, (row) => [row.seq], toMemory), total: own.length }
    },
    async update(actor, id, { text, weight }) {
      const row = rowOf(actor, id)
      const updatedAt = tables.clock.now()
      if (weight !== undefined) row.memory = { ...row.memory, weight, updatedAt }
      if (text !== undefined && text !== row.memory.text) {
        const twin = mine(actor, rows.memories).find(({ memory }) => memoryKey(memory.text) === memoryKey(text))
        if (twin && twin !== row) throw new AppError("request.conflict", "There is already a memory that says this.")
        row.memory = { ...row.memory, text, updatedAt }
        row.vector = null
      }
      return toMemory(row)
    },
    async delete(actor, id) {
      const row = rowOf(actor, id)
      removeWhere(rows.memories, (other) => other === row)
    },
    clear: async (actor) => removeWhere(rows.memories, (row) => row.ownerId === actor.personId),
    async searchLexical(actor, { terms, limit }) {
      const wanted = new Set(terms.flatMap(wordsOf))
      return searchable(actor)
        .map((row) => ({ row, hits: new Set(wordsOf(row.memory.text).filter((word) => wanted.has(word))).size }))
        .filter(({ hits }) => hits > 0)
        .sort((a, b) => b.hits - a.hits || a.row.seq - b.row.seq)
        .slice(0, limit)
        .map(({ row }) => toMemory(row))
    },
    async searchVector(actor, { vector, fingerprint, limit, ids }) {
      return searchable(actor)
        .flatMap((row) =>
          row.vector?.fingerprint === fingerprint && (ids === undefined || ids.includes(row.memory.id))
            ? [
                {
                  memory: toMemory(row),
                  similarity: vector.length === row.vector.values.length ? dot(vector, row.vector.values) : -1,
                  seq: row.seq,
                },
              ]
            : [],
        )
        .sort((a, b) => b.similarity - a.similarity || a.seq - b.seq)
        .slice(0, limit)
        .map(({ seq: _, ...hit }) => hit)
    },
    missingVectors: async (actor, fingerprint, limit) =>
      mine(actor, rows.memories)
        .filter(({ vector }) => vector?.fingerprint !== fingerprint)
        .slice(0, limit)
        .map(toMemory),
    async setVector(actor, { id, text }, fingerprint, vector) {
      const row = mine(actor, rows.memories).find(({ memory }) => memory.id === id && memory.text === text)
      if (row) row.vector = { fingerprint, values: vector.slice() }
    },
  }

  const artifacts: ArtifactRepository = {
    async record(actor, values) {
      const artifact = { ...copy(values), id: newId(), createdAt: tables.clock.now() }
      rows.artifacts.push({ ownerId: actor.personId, seq: tables.nextSeq(), artifact })
      return copy(artifact)
    },
    get: async (actor, id) => copy(artifactOf(actor, id).artifact),
    async list(actor, query) {
      const before = decodeCursor(query.cursor, 1)?.[0] ?? Number.MAX_SAFE_INTEGER
      const own = mine(actor, rows.artifacts)
      const wanted = (query.q ?? "").toLowerCase()
      const page = own
        .filter(
          ({ seq, artifact }) =>
            seq < before &&
            (query.kind === undefined || artifact.kind === query.kind) &&
            (query.tags ?? []).every((tag) => artifact.tags.includes(tag)) &&
            `${artifact.name} ${artifact.hash ?? ""} ${JSON.stringify(artifact.provenance)}`
              .toLowerCase()
              .includes(wanted),
        )
        .sort((a, b) => b.seq - a.seq)
        .slice(0, query.limit + 1)
      const counts = new Map<string, number>()
      for (const tag of own.flatMap(({ artifact }) => artifact.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1)
      const tags = [...counts]
        .map(([tag, count]) => ({ tag, count }))
        .sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1))
      return {
        ...toPage(
          page,
          query.limit,
          (row) => [row.seq],
          ({ artifact }) => copy(artifact),
        ),
        tags,
      }
    },
    async setTags(actor, id, tags) {
      const row = artifactOf(actor, id)
      row.artifact = { ...row.artifact, tags: [...tags] }
      return copy(row.artifact)
    },
    async delete(actor, id) {
      const row = artifactOf(actor, id)
      removeWhere(rows.artifacts, (other) => other === row)
    },
  }
  return { memories, artifacts }
}
