import { setTimeout } from "node:timers/promises"
import {
  audioHeaderBytes,
  bearerPrefix,
  type ServerMessage,
  socketProtocol,
  uplinkSampleRate,
} from "#contract/socket.ts"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import { createPushQueue } from "#core/queue.ts"
import type { Client } from "./client.ts"

/** Of one binary frame. */
const frameMs = 40
const frameSamples = (uplinkSampleRate * frameMs) / 1000

export interface SpeakingOptions {
  /** As fast as somebody speaks, so that words are understood meanwhile. Default: at once. */
  isLive?: boolean
  /** In a chat of its own that is kept. Default: a temporary one. */
  isKept?: boolean
}

export interface SpokenTurn {
  turn: TurnState
  /** What was said, word for word as it was read aloud: figures as words, a quotation with its introduction. */
  spoken: string
  speech: Float32Array
}

/**
 * Speaks one question over the socket that the window uses and gathers the turn and what it says, at the socket's rate. Unless it is
 * asked for, nothing of it is kept.
 */
export async function socketTurn(
  client: Client,
  samples: Float32Array,
  collectionIds: string[] | undefined,
  signal: AbortSignal,
  { isLive = false, isKept = false }: SpeakingOptions = {},
): Promise<SpokenTurn> {
  const socket = new WebSocket(`${client.baseUrl.replace(/^http/, "ws")}/ws`, [
    socketProtocol,
    bearerPrefix + client.token,
  ])
  socket.binaryType = "arraybuffer"
  const messages = createPushQueue<MessageEvent>()
  socket.addEventListener("message", (event) => messages.push(event))
  socket.addEventListener("close", () => messages.end())
  const stop = () => socket.close()
  signal.addEventListener("abort", stop, { once: true })
  try {
    await opened(socket)
    // One of its own: a socket that is only now closing ends the streams it had.
    const streamId = 1 + Math.floor(Math.random() * 0x7ffffffe)
    const { turnId } = await client.api(
      "POST /api/turns",
      { body: { kind: "voice", source: { type: "socket", streamId }, collectionIds, options: { temporary: !isKept } } },
      signal,
    )
    socket.send(JSON.stringify({ type: "subscribe", channel: `turn:${turnId}`, afterSeq: -1 }))
    await sendFrames(socket, streamId, samples, isLive, signal)
    return await collect(messages, turnId, signal)
  } finally {
    signal.removeEventListener("abort", stop)
    socket.close()
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true })
    socket.addEventListener(
      "error",
      () => reject(new AppError("core.unreachable", "The core refused the audio socket.")),
      { once: true },
    )
  })
}

async function sendFrames(
  socket: WebSocket,
  streamId: number,
  samples: Float32Array,
  isLive: boolean,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now()
  const send = (sequence: number, frame: Float32Array): void => {
    const view = new DataView(new ArrayBuffer(audioHeaderBytes + frame.length * 2))
    view.setUint32(0, streamId, true)
    view.setUint32(4, sequence, true)
    for (const [index, sample] of frame.entries()) {
      view.setInt16(audioHeaderBytes + index * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true)
    }
    socket.send(view.buffer)
  }
  let sequence = 0
  for (let start = 0; start < samples.length; start += frameSamples) {
    signal.throwIfAborted()
    send(sequence++, samples.subarray(start, start + frameSamples))
    // A frame exists once it was spoken to its end.
    if (isLive) await setTimeout(Math.max(0, began + sequence * frameMs - performance.now()), undefined, { signal })
    // Lets the socket drain: a long recording must not pile up in memory.
    while (socket.bufferedAmount > 1_000_000) await new Promise((resolve) => setImmediate(resolve))
  }
  // An empty frame is the key going up.
  send(sequence, new Float32Array())
}

async function collect(
  messages: AsyncIterable<MessageEvent>,
  turnId: string,
  signal: AbortSignal,
): Promise<SpokenTurn> {
  let turn = emptyTurn(turnId)
  const pieces: Float32Array[] = []
  const said: string[] = []
  for await (const { data } of messages) {
    if (data instanceof ArrayBuffer) {
      pieces.push(Float32Array.from(new Int16Array(data.slice(audioHeaderBytes)), (sample) => sample / 32768))
      continue
    }
    const message = JSON.parse(String(data)) as ServerMessage
    if (message.type !== "turn-event" || message.event.turnId !== turnId) continue
    turn = foldTurn(turn, message.event)
    if (message.event.type === "caption") said.push(message.event.spoken)
    if (message.event.type === "turn-end") return { turn, spoken: said.join(" "), speech: concatSamples(pieces) }
  }
  signal.throwIfAborted()
  throw new AppError("core.unreachable", "The core closed the audio socket.", { remedy: "Look at its log." })
}
