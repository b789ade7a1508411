import type { CitedSpan, TurnEventBody, TurnRequest } from "#contract/turns.ts"
import { phaseResults } from "./mockFeedback.ts"
import { memoryEvent } from "./mockKnowledge.ts"
import { answerSpans, answerText, passages, timings } from "./seed.ts"

/** One step of a scripted turn: an event after a pause. */
export interface Step {
  event: TurnEventBody
  /** Milliseconds before it. */
  waitMs: number
}

export interface TurnIds {
  conversationId: string
  userMessageId: string
  messageId: string
  model: string | null
}

export interface AnswerScript {
  text: string
  spans?: CitedSpan[]
  isNotFound?: boolean
  /** Ends with an engine failure after this many characters. */
  failsAt?: number
  /** Characters per delta. */
  pieceLength?: number
  reasoning?: string
}

/** What the mock answers to a question. */
export function scriptFor(text: string): AnswerScript {
  if (/weigh|moon/i.test(text)) return { text: "Your documents do not say.", isNotFound: true }
  if (/fail/i.test(text)) return { text: answerText, failsAt: 60 }
  if (/think/i.test(text))
    return { text: answerText, spans: answerSpans, reasoning: "Two passages speak of the filter. " }
  return { text: answerText, spans: answerSpans }
}

export function textTurn(request: TurnRequest, ids: TurnIds, script: AnswerScript, paceMs: number): Step[] {
  const step = (event: TurnEventBody, waitMs = paceMs): Step => ({ event, waitMs })
  return [
    step({ type: "turn-start", ...ids, kind: request.kind, text: request.text ?? null }, 0),
    ...answerSteps(script, step, request.text ?? ""),
    ...(request.options?.speak
      ? [
          step({
            type: "speech-start",
            voice: "hibari-en",
            sampleRate: 24_000,
            streamId: request.source?.type === "socket" ? request.source.streamId : null,
          }),
          step({
            type: "caption",
            index: 0,
            text: "With smoke or pets in the room, change it every three months.",
            spoken: "With smoke or pets in the room, change it every three months.",
            startMs: 0,
            durationMs: 3000,
          }),
          step({ type: "speech-end", heardChars: script.text.length, audioMs: 3000 }),
        ]
      : []),
    ...[memoryEvent(request.text ?? "")].flatMap((event) => (event ? [step(event)] : [])),
    step({ type: "title", title: "Changing the filter" }),
    step({
      type: "turn-end",
      reason: script.failsAt ? "error" : script.isNotFound ? "not-found" : "complete",
      timings: timings as never,
    }),
  ]
}

/** A spoken turn up to the key's release, and what follows it. Hands-free it lasts until the answer has been heard. */
export function voiceTurn(
  ids: TurnIds,
  streamId: number,
  paceMs: number,
  isHandsFree: boolean,
  speaker?: { id: string; name: string } | null,
): { before: Step[]; after: Step[] } {
  const step = (event: TurnEventBody, waitMs = paceMs): Step => ({ event, waitMs })
  const question = "How often should the filter be changed?"
  const words = question.split(" ")
  const captions = [
    "Change the filter every six months.",
    "With smoke or pets in the room, change it every three months.",
  ]
  const text = captions.join(" ")
  const script: AnswerScript = {
    text,
    spans: captions.map((sentence) => ({
      start: text.indexOf(sentence),
      end: text.indexOf(sentence) + sentence.length,
      citations: [1],
      supported: true,
    })),
  }
  const partials = words.map((_, index) => {
    const heard = words.slice(0, index + 1).join(" ")
    return step({
      type: "stt-partial",
      text: heard,
      stableChars: words.slice(0, Math.max(0, index - 1)).join(" ").length,
    })
  })
  return {
    before: [
      step({ type: "turn-start", ...ids, kind: "voice", text: null }, 0),
      step({ type: "listen-start" }, 0),
      ...partials,
    ],
    after: [
      step({ type: "listen-end", audioMs: 1900 }),
      ...(speaker === undefined
        ? []
        : [step({ type: "speaker", identified: speaker, similarity: speaker ? 0.7 : 0.2, threshold: 0.5 })]),
      step({ type: "stt-end", text: question, audioMs: 1900, confidence: 0.94 }),
      ...answerSteps(script, step, question),
      step({ type: "speech-start", voice: "hibari-en", sampleRate: 24_000, streamId }),
      ...captions.map((caption, index) =>
        step({ type: "caption", index, text: caption, spoken: caption, startMs: index * 1500, durationMs: 1500 }),
      ),
      step({ type: "speech-end", heardChars: text.length, audioMs: 3000 }, isHandsFree ? 3000 : paceMs),
      step({ type: "turn-end", reason: "complete", timings: timings as never }),
    ],
  }
}

function answerSteps(
  script: AnswerScript,
  step: (event: TurnEventBody, waitMs?: number) => Step,
  query: string,
): Step[] {
  const written = script.failsAt ? script.text.slice(0, script.failsAt) : script.text
  const pieceLength = script.pieceLength ?? 5
  const deltas: Step[] = []
  for (let at = 0; at < written.length; at += pieceLength) {
    deltas.push(step({ type: "text-delta", text: written.slice(at, at + pieceLength) }))
  }
  const found = script.isNotFound !== true
  return [
    step({ type: "retrieve-start", query }),
    ...(["P0", "P1", "P2"] as const).map((phase) =>
      step({
        type: "retrieve-phase",
        phase,
        provisional: phase !== "P2",
        results: phaseResults(phase),
        delta: [],
        meta: { embed_ms: 21, search_ms: 13 },
      }),
    ),
    step({
      type: "retrieve-end",
      passages: found ? passages : [],
      found,
      closest: found ? [] : passages.slice(0, 3),
      embedMs: 21,
      searchMs: 13,
    }),
    ...(found ? [step({ type: "quote", sentence: passages[0]?.text.split(". ")[0] ?? "", citation: 1 })] : []),
    ...(found ? [step({ type: "prompt-progress", done: 300, total: 612 })] : []),
    ...(script.reasoning ? [step({ type: "reasoning-delta", text: script.reasoning })] : []),
    ...deltas,
    ...(script.failsAt
      ? [
          step({
            type: "error",
            error: {
              code: "engine.crashed",
              message: "The model stopped while answering. What you see was kept.",
              remedy: "Try again, or choose a smaller model.",
            },
          }),
        ]
      : [
          step({
            type: "text-end",
            model: "qwen2.5-coder-1.5b",
            text: script.text,
            spans: script.spans ?? [],
            usage: { promptTokens: 612, cachedTokens: 180, completionTokens: 96 },
            contextTokens: 708,
            contextLimit: 4096,
            found,
          }),
        ]),
  ]
}
