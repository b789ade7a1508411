import { create } from "zustand"
import type { ClientMessage, ServerMessage } from "#contract/socket.ts"
import { baseUrl, useSession } from "./session.ts"

// Values of contract/socket.ts, written here because that file brings the schema library with it.
const socketProtocol = "zenglow"
const bearerPrefix = "bearer."
export const audioHeaderBytes = 8
export const uplinkSampleRate = 16_000
export const downlinkSampleRate = 24_000

type Listener = (message: ServerMessage) => void
/** s16le mono 24 kHz samples of one downlink stream. */
export type AudioListener = (streamId: number, samples: Int16Array) => void

interface Channel {
  listeners: Map<Listener, number | undefined>
  /** Last sequence number seen; a reconnect goes on after it. */
  lastSeq: number | undefined
}

/** Whether the window is connected to the core right now. */
export const useConnection = create<{ status: "connecting" | "open" | "closed" }>(() => ({ status: "connecting" }))

const channels = new Map<string, Channel>()
const audioListeners = new Set<AudioListener>()
let socket: WebSocket | null = null
let attempts = 0
let retry: ReturnType<typeof setTimeout> | null = null
let heartbeat: ReturnType<typeof setInterval> | null = null

/**
 * Listens to a channel. Turn channels replay from the start (`afterSeq: -1`), and every channel goes on where it
 * stopped when the connection comes back. Returns the function that stops listening.
 */
export function subscribe(
  name: string,
  listener: Listener,
  options: { afterSeq?: number; intervalMs?: number } = {},
): () => void {
  const channel = channels.get(name) ?? { listeners: new Map(), lastSeq: options.afterSeq }
  channels.set(name, channel)
  channel.listeners.set(listener, options.intervalMs)
  tell(subscription(name, channel))
  connect()
  return () => {
    channel.listeners.delete(listener)
    if (channel.listeners.size > 0) return
    channels.delete(name)
    tell({ type: "unsubscribe", channel: name })
  }
}

/**
 * Sends microphone samples (16 kHz) of a stream; `sequence` counts frames from 0, and a frame without samples ends the stream.
 * False while disconnected: the samples are dropped.
 */
export function sendAudio(streamId: number, sequence: number, samples: Int16Array): boolean {
  if (socket?.readyState !== WebSocket.OPEN) return false
  const frame = new ArrayBuffer(audioHeaderBytes + samples.length * 2)
  const view = new DataView(frame)
  view.setUint32(0, streamId, true)
  view.setUint32(4, sequence, true)
  for (let index = 0; index < samples.length; index++) {
    view.setInt16(audioHeaderBytes + index * 2, samples[index] ?? 0, true)
  }
  socket.send(frame)
  return true
}

export function onAudio(listener: AudioListener): () => void {
  audioListeners.add(listener)
  return () => audioListeners.delete(listener)
}

/** Opens the socket once there is a session; it then stays open by itself. */
export function connect(): void {
  const { token } = useSession.getState()
  if (!token || socket || retry) return
  useConnection.setState({ status: "connecting" })
  const opening = new WebSocket(`${baseUrl().replace(/^http/, "ws")}/ws`, [socketProtocol, `${bearerPrefix}${token}`])
  opening.binaryType = "arraybuffer"
  socket = opening
  opening.addEventListener("open", () => {
    attempts = 0
    useConnection.setState({ status: "open" })
    for (const [name, channel] of channels) tell(subscription(name, channel))
    heartbeat = setInterval(() => tell({ type: "ping" }), 20_000)
  })
  opening.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.data instanceof ArrayBuffer) receiveAudio(event.data)
    else if (typeof event.data === "string") receive(JSON.parse(event.data) as ServerMessage)
  })
  opening.addEventListener("close", () => {
    socket = null
    if (heartbeat) clearInterval(heartbeat)
    useConnection.setState({ status: "closed" })
    if (!useSession.getState().token) return
    // 0.25 s, doubling to 5 s: a restarted core is back within a second or two.
    const delayMs = Math.min(5000, 250 * 2 ** attempts++) * (0.75 + Math.random() / 2)
    retry = setTimeout(() => {
      retry = null
      connect()
    }, delayMs)
  })
}

export function disconnect(): void {
  if (retry) clearTimeout(retry)
  retry = null
  socket?.close()
}

function receive(message: ServerMessage): void {
  const channel = channels.get(message.channel)
  if (!channel) return
  channel.lastSeq = message.seq
  for (const listener of [...channel.listeners.keys()]) listener(message)
}

function receiveAudio(frame: ArrayBuffer): void {
  if (frame.byteLength < audioHeaderBytes) return
  const streamId = new DataView(frame).getUint32(0, true)
  const samples = new Int16Array(frame.slice(audioHeaderBytes, frame.byteLength - (frame.byteLength % 2)))
  for (const listener of audioListeners) listener(streamId, samples)
}

function subscription(name: string, channel: Channel): ClientMessage {
  const intervals = [...channel.listeners.values()].filter((value) => value !== undefined)
  return {
    type: "subscribe",
    channel: name,
    ...(channel.lastSeq === undefined || name === "metrics" ? {} : { afterSeq: channel.lastSeq }),
    ...(intervals.length > 0 ? { intervalMs: Math.min(...intervals) } : {}),
  }
}

function tell(message: ClientMessage): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
}

useSession.subscribe((state, previous) => {
  if (state.token === previous.token) return
  if (state.token) connect()
  else disconnect()
})
if (typeof window !== "undefined") {
  window.addEventListener("online", () => {
    attempts = 0
    connect()
  })
}
