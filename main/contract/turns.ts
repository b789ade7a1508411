import { z } from "zod"
import type { AnswerRoute } from "./backends.ts"
import { id, timestamp } from "./common.ts"
import { documentKind } from "./documents.ts"
import type { ErrorInfo } from "./errors.ts"

/** One passage shown to the model and to the person. `n` is its citation number within the answer. */
export const passage = z.object({
  n: z.number().int(),
  /** Absent: a passage of a document. A memory has its own id as `chunkId` and `documentId`. */
  kind: z.literal("memory").optional(),
  chunkId: id,
  documentId: id,
  collectionId: id,
  title: z.string(),
  /** Where the document came from: a path below its added folder, or a file name. Never an absolute path. */
  path: z.string(),
  headingPath: z.array(z.string()),
  page: z.number().int().nullable(),
  /** Absent in answers of older versions. */
  documentKind: documentKind.optional(),
  /** Sound and subtitles: when the passage is spoken, in milliseconds. */
  startMs: z.number().nullable().optional(),
  endMs: z.number().nullable().optional(),
  /** Address of a web page. */
  url: z.string().nullable().optional(),
  /** The date the document itself carries. */
  datedAt: timestamp.nullable().optional(),
  /** When the document was last read or fetched. */
  readAt: timestamp.optional(),
  text: z.string(),
  /** Character range of the passage in the document's extracted text. */
  start: z.number().int(),
  end: z.number().int(),
  /** Fused relevance, 0..1. */
  score: z.number(),
  /** Cosine similarity of query and passage, −1..1. */
  similarity: z.number(),
})
export type Passage = z.infer<typeof passage>

/** A sentence of the answer and what supports it. */
export const citedSpan = z.object({
  /** Character range of the sentence in the answer's text. */
  start: z.number().int(),
  end: z.number().int(),
  /** Citation numbers, best first. Empty: no passage supports this sentence. */
  citations: z.array(z.number().int()),
  supported: z.boolean(),
  /** Why a sentence is unsupported, in words for the person. */
  reason: z.string().optional(),
})
export type CitedSpan = z.infer<typeof citedSpan>

export const usage = z.object({
  promptTokens: z.number().int(),
  /** Prompt tokens that were already evaluated and reused. */
  cachedTokens: z.number().int(),
  completionTokens: z.number().int(),
})
export type Usage = z.infer<typeof usage>

export const turnRequest = z.strictObject({
  kind: z.enum(["text", "voice"]),
  conversationId: id.optional(),
  /** Required for text turns. */
  text: z.string().max(100_000).optional(),
  /** Voice: `socket` waits for binary frames on /ws under `streamId`; `device` hears and speaks through the machine's own devices. */
  source: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("socket"), streamId: z.number().int().min(1).max(0xffffffff) }),
      z.strictObject({ type: z.literal("device") }),
    ])
    .optional(),
  personaId: id.optional(),
  /** Collections to search. Absent: the conversation's, else all. Empty: answer without documents. */
  collectionIds: z.array(id).max(100).optional(),
  /** Documents to search, where the question is about these alone. Absent: all of the collections. */
  documentIds: z.array(id).min(1).max(100).optional(),
  model: z.string().max(200).optional(),
  options: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      maxTokens: z.number().int().min(1).max(8192).optional(),
      /** Kept only in memory: not stored, not searchable. */
      temporary: z.boolean().optional(),
      /** Speak the answer of a text turn too. */
      speak: z.boolean().optional(),
      voice: z.string().max(100).optional(),
      /** Voice: listening ends when the person has finished, without a key. */
      handsFree: z.boolean().optional(),
      /** Regenerate the answer of this user message, or edit it when `text` is given: starts a new branch. */
      parentMessageId: id.nullable().optional(),
      regenerateMessageId: id.optional(),
    })
    .optional(),
})
export type TurnRequest = z.infer<typeof turnRequest>

export type TurnEndReason = "complete" | "length" | "aborted" | "error" | "no-speech" | "not-found"

/** How a question is answered that the best few passages cannot answer. */
export type WholeRoute = "count" | "list" | "summary" | "compare" | "latest"

/** One entry of the list that a retrieval phase shows. */
export interface PhaseResult {
  id: string
  documentId: string
  title: string
  textPreview: string
  /** 1 − cosine similarity. */
  distance: number
  score: number
  rank: number
  /** From P1 on: the learned score, 0..1. */
  ltrScore?: number
  /** From P1 on: the fused score of P0, 0..1. */
  conceptualScore?: number
  features?: Record<string, number>
  adjustments?: { name: string; value: number; reason: string }[]
}
/** How one result moved since the phase before; `applyDelta` replays a list of them. */
export interface PhaseDelta {
  id: string
  /** Null: it was not shown before. */
  oldRank: number | null
  /** Null: it is not shown any more. */
  newRank: number | null
  /** Places gained; negative: lost. */
  rankDelta: number | null
  /** The new score. */
  score: number
  scoreDelta: number | null
  /** What names a result that was not shown before. */
  entered?: Pick<PhaseResult, "documentId" | "title" | "textPreview" | "distance">
}

/** Everything that can happen inside a turn; what is not an event did not happen. */
export type TurnEventBody =
  | {
      type: "turn-start"
      conversationId: string
      userMessageId: string | null
      messageId: string
      kind: "text" | "voice"
      text: string | null
      model: string | null
    }
  | { type: "listen-start" }
  | { type: "level"; rms: number; peak: number; isSpeech: boolean }
  | { type: "stt-partial"; text: string; stableChars: number }
  | { type: "listen-end"; audioMs: number }
  /** Whose voice it was, where voices are known. Null: nobody who is known. */
  | {
      type: "speaker"
      identified: { id: string; name: string } | null
      similarity: number
      threshold: number
      /** The person the question is answered as, where that is not who opened the turn. Null: a guest. */
      actsAs?: { id: string; name: string } | null
    }
  | { type: "stt-end"; text: string; audioMs: number; confidence: number }
  | { type: "retrieve-start"; query: string }
  | {
      type: "retrieve-phase"
      phase: "P0" | "P1" | "P2"
      provisional: boolean
      results: PhaseResult[]
      delta: PhaseDelta[]
      meta: Record<string, unknown>
    }
  | { type: "retrieve-end"; passages: Passage[]; found: boolean; closest: Passage[]; embedMs: number; searchMs: number }
  | { type: "quote"; sentence: string; citation: number }
  /**
   * `stored`: kept because the person asked for it, and can be undone by forgetting `memoryId`. `known`: it was kept before. `proposed`:
   * nothing is kept until the person agrees. `refused`: this chat or request keeps nothing.
   */
  | { type: "memory"; action: "stored" | "known" | "proposed" | "refused"; memoryId: string | null; text: string }
  /** The question is answered by reading whole documents instead of searching; sent again as reading goes on. */
  | { type: "route"; route: WholeRoute; label: string; done: number; total: number; unit: string }
  | { type: "prompt-progress"; done: number; total: number }
  /** A server or model begins to answer: which one, and why. */
  | { type: "sent"; route: AnswerRoute }
  | { type: "reasoning-delta"; text: string }
  | {
      type: "text-delta"
      text: string
      /** Shown while it is written, and replaced by `text-end` where the documents do not say it. Nothing spoken or sent on for good takes it. */
      provisional?: boolean
    }
  /** The composed answer is written; it is now held against the passages. */
  | { type: "check-start" }
  | {
      type: "text-end"
      /** The model that wrote it. Null: quoted, not written. */
      model: string | null
      /** Where it was written and why there. Absent: there was no choice, and nothing left this computer. */
      sent?: AnswerRoute
      text: string
      spans: CitedSpan[]
      usage: Usage | null
      contextTokens: number
      contextLimit: number
      found: boolean
      /** With `found: false` after reading: the passages that came closest. */
      closest?: Passage[]
      /** The answer reached its limit of tokens. */
      isCut?: boolean
    }
  | { type: "speech-start"; voice: string; sampleRate: number; streamId: number | null }
  /** The quoted sentence is certain enough to be spoken as the answer, before one is composed. */
  | { type: "quick-answer"; sentence: string; citation: number; confidence: number }
  | {
      type: "caption"
      index: number
      text: string
      spoken: string
      startMs: number
      durationMs: number
      /** Said beside the answer's text: a quick answer, or what leads over to the rest. */
      isAside?: true
      /** Passages behind what is said, by number. */
      citations?: number[]
    }
  | { type: "speech-end"; heardChars: number; audioMs: number }
  | { type: "title"; title: string }
  | { type: "error"; error: ErrorInfo }
  | { type: "turn-end"; reason: TurnEndReason; timings: StageTiming[] }

/** A turn's waterfall: one bar. Times are milliseconds since the turn (text) or key-up (voice). */
export interface StageTiming {
  name:
    | "listen"
    | "stt"
    | "embed"
    | "search"
    | "first-token"
    | "first-clause"
    | "first-audio"
    | "generate"
    | "last-audio"
    | "support"
  startMs: number
  endMs: number
}

/** An event with its place in the turn. `seq` starts at 0 and has no gaps; `at` is milliseconds since the epoch, monotonic within a turn. */
export type TurnEvent = TurnEventBody & { turnId: string; seq: number; at: number }
export type TurnEventType = TurnEventBody["type"]

export const turnCreated = z.object({ turnId: id })
export const turnParams = z.strictObject({ turnId: id })
/** On the wire a turn event is checked by type name only: the core builds it, nobody else sends it. */
export const turnEventWire = z.looseObject({ type: z.string(), turnId: z.string(), seq: z.number(), at: z.number() })
