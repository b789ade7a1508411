import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { type RawData, type WebSocket, WebSocketServer } from "ws"
import type { Scope } from "#contract/route.ts"
import {
  audioHeaderBytes,
  bearerPrefix,
  clientMessage,
  type ServerMessage,
  socketProtocol,
  uplinkSampleRate,
} from "#contract/socket.ts"
import { type Actor, hasScope } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { requestContext } from "#core/logger.ts"
import { type AuditTrail, anonymous, isDenial } from "./auditTrail.ts"
import type { ServerDeps } from "./deps.ts"
import { errorBody, toAppError } from "./errors.ts"
import type { Guard } from "./guard.ts"
import type { Caller, Keyring } from "./keys.ts"
import type { MetricsSocket } from "./metricsSocket.ts"
import { beginRequest } from "./requestState.ts"
import { requireOwner } from "./requireOwner.ts"
import { publicJob } from "./routes/jobs.ts"
import type { Sessions } from "./sessions.ts"

export interface SocketDeps
  extends Pick<ServerDeps, "log" | "turns" | "jobs" | "ops" | "audio" | "wake" | "tuning" | "people" | "onChange"> {
  guard: Guard
  keyring: Keyring
  sessions: Pick<Sessions, "onHand">
  trail: AuditTrail
  metricsSocket: MetricsSocket
}

export interface SocketServer {
  /** Handles an HTTP upgrade: the same door as for requests, before the socket's parser sees a byte. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  readonly size: number
  /** Closes every socket with 1001. */
  close(): Promise<void>
}

const largestMessage = 1024 * 1024
const largestBacklog = 4 * 1024 * 1024
const pingMs = 30_000
const closingGraceMs = 1000
/** 16-bit samples that arrive in one frame at most: four seconds. */
const largestFrameSamples = 4 * uplinkSampleRate
const mostSubscriptions = 200

/** The multiplexed socket `/ws`. */
export function createSocketServer(deps: SocketDeps): SocketServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: largestMessage,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(socketProtocol) ? socketProtocol : false),
  })
  const clients = new Set<{ socket: WebSocket; caller: Caller; isAlive: boolean }>()
  const closeWhere = (reason: string, matches: (caller: Caller) => boolean): void => {
    for (const client of clients) if (matches(client.caller)) client.socket.close(1008, reason)
  }
  // What a socket may hear was decided when it was opened: where that changes, it ends.
  const endings = [
    deps.keyring.onRevoke((id) => closeWhere("The key was revoked.", ({ keyId }) => keyId === id)),
    deps.sessions.onHand((id) => closeWhere("Somebody else sits here now.", ({ keyId }) => keyId === id)),
    deps.people.onChange((id) => closeWhere("What you may do has changed.", ({ actor }) => actor.personId === id)),
  ]
  const pinging = setInterval(() => {
    for (const client of clients) {
      if (!client.isAlive) client.socket.terminate()
      else {
        client.isAlive = false
        client.socket.ping()
      }
    }
  }, pingMs)
  pinging.unref()

  return {
    async upgrade(request, socket, head) {
      const { requestId } = beginRequest(request)
      // Node leaves errors of an upgraded connection to whoever took it.
      socket.on("error", () => socket.destroy())
      let caller: Caller
      let actor: Actor = anonymous
      let metricsMs: number | null = null
      try {
        deps.guard.checkDoor(request, false)
        const { pathname, searchParams } = new URL(request.url ?? "", "http://core")
        if (pathname === "/ws/metrics") metricsMs = deps.metricsSocket.intervalOf(searchParams)
        else if (pathname !== "/ws")
          throw new AppError("request.not-found", "There is no socket here.", { remedy: "Connect to /ws." })
        caller = await deps.guard.identify(request, metricsMs === null ? "chat" : "ops", {
          route: metricsMs === null ? "WS /ws" : "WS /ws/metrics",
          bearer: bearerOf(request),
          known: (found) => {
            actor = found.actor
          },
        })
      } catch (error) {
        const appError = toAppError(error)
        if (isDenial(appError))
          void deps.trail.denied(actor, metricsMs === null ? "GET /ws" : "GET /ws/metrics", requestId, appError)
        refuse(socket, appError, requestId)
        return
      }
      server.handleUpgrade(request, socket, head, (accepted) => {
        const client = { socket: accepted, caller, isAlive: true }
        clients.add(client)
        accepted.on("pong", () => {
          client.isAlive = true
        })
        accepted.on("close", () => clients.delete(client))
        requestContext.run({ requestId }, () =>
          metricsMs === null ? serveClient(accepted, caller, deps) : deps.metricsSocket.serve(accepted, metricsMs),
        )
      })
    },
    get size() {
      return clients.size
    },
    async close() {
      clearInterval(pinging)
      for (const end of endings) end()
      const closed = [...clients].map(({ socket }) => {
        // A peer that does not answer the closing handshake is cut.
        const timer = setTimeout(() => socket.terminate(), closingGraceMs)
        return new Promise<void>((resolve) => {
          socket.once("close", () => {
            clearTimeout(timer)
            resolve()
          })
          socket.close(1001, "ZenGlow is stopping.")
        })
      })
      server.close()
      await Promise.all(closed)
    },
  }
}

function serveClient(socket: WebSocket, caller: Caller, deps: SocketDeps): void {
  const { actor } = caller
  const subscriptions = new Map<string, () => void>()
  const streams = new Map<number, number>()
  const turns = new Set<string>()
  let ownSeq = 0

  const send = (message: ServerMessage | Buffer): void => {
    if (socket.readyState !== socket.OPEN) return
    // A peer that does not read is closed: it comes back and reads on from its last `seq`.
    if (socket.bufferedAmount > largestBacklog) {
      deps.log.warn("socket fell behind", { bufferedBytes: socket.bufferedAmount })
      socket.terminate()
      return
    }
    socket.send(message instanceof Buffer ? message : JSON.stringify(message))
  }
  const say = (type: "pong" | "subscribed" | "error", message?: string): void =>
    send({ channel: "socket", seq: ownSeq++, type, ...(message === undefined ? {} : { message }) })

  const endSpeech = deps.audio.onSpeech((frame) => {
    if (turns.has(frame.turnId)) send(encodeAudioFrame(frame.streamId, frame.sequence, frame.pcm))
  })

  const subscribe = (channel: string, afterSeq: number | undefined, intervalMs: number | undefined): void => {
    if (subscriptions.size >= mostSubscriptions && !subscriptions.has(channel))
      throw new AppError("request.too-large", "This socket has too many subscriptions.")
    const scope = scopeOf(channel)
    if (!scope) throw new AppError("request.not-found", "There is no such channel.")
    if (!hasScope(actor, scope)) throw new AppError("auth.missing-scope", `This channel needs the scope ${scope}.`)
    if (channel === "logs") requireOwner(actor, "The log")
    subscriptions.get(channel)?.()
    subscriptions.delete(channel)
    let seq = 0
    if (channel.startsWith("turn:")) {
      const turnId = channel.slice("turn:".length)
      const name = `turn:${turnId}` as const
      const pending: ServerMessage[] = []
      let isOpen = false
      const end = deps.turns.watch(actor, turnId, afterSeq ?? -1, (event) => {
        const message: ServerMessage = { channel: name, seq: event.seq, type: "turn-event", event }
        if (isOpen) send(message)
        else pending.push(message)
      })
      // Only now: whoever may not watch the turn does not hear it either.
      turns.add(turnId)
      subscriptions.set(channel, () => {
        turns.delete(turnId)
        end()
      })
      say("subscribed", channel)
      isOpen = true
      for (const message of pending) send(message)
      return
    }
    say("subscribed", channel)
    if (channel === "jobs") {
      subscriptions.set(
        channel,
        deps.jobs.subscribe(actor, (job) => send({ channel: "jobs", seq: seq++, type: "job", job: publicJob(job) })),
      )
    } else if (channel === "wake") {
      subscriptions.set(
        channel,
        deps.wake.subscribe(actor, (event) => send({ channel: "wake", seq: seq++, type: "wake", event })),
      )
    } else if (channel === "listening") {
      subscriptions.set(
        channel,
        deps.tuning.subscribe(actor, (event) => send({ channel: "listening", seq: seq++, type: "listening", event })),
      )
    } else if (channel === "metrics") {
      subscriptions.set(
        channel,
        deps.ops.onFrame(intervalMs ?? 1000, (frame) =>
          send({ channel: "metrics", seq: seq++, type: "metrics", frame }),
        ),
      )
    } else if (channel === "logs") {
      subscriptions.set(
        channel,
        deps.ops.onLogLine((line) => send({ channel: "logs", seq: seq++, type: "log", line })),
      )
    } else {
      subscriptions.set(
        channel,
        deps.onChange(actor, (change) => {
          if (change.channel === channel) send({ channel: change.channel, seq: seq++, type: "changed", id: change.id })
        }),
      )
    }
  }

  const hear = (bytes: Buffer): void => {
    const frame = decodeAudioFrame(bytes)
    const expected = streams.get(frame.streamId)
    if (expected !== undefined && frame.sequence < expected)
      throw new AppError("request.invalid", "Audio frames must come in order.")
    streams.set(frame.streamId, frame.sequence + 1)
    // Nothing can be overtaken here: the key goes up after the last frame that was sent before it.
    if (frame.pcm.length === 0) deps.audio.end(actor, frame.streamId)
    else deps.audio.push(actor, frame.streamId, frame.sequence, frame.pcm)
  }

  socket.on("message", (data, isBinary) => {
    try {
      if (isBinary) return hear(toBuffer(data))
      const message = parseMessage(toBuffer(data).toString("utf8"))
      if (message.type === "ping") say("pong")
      else if (message.type === "subscribe") subscribe(message.channel, message.afterSeq, message.intervalMs)
      else {
        subscriptions.get(message.channel)?.()
        subscriptions.delete(message.channel)
      }
    } catch (error) {
      const appError = toAppError(error)
      if (appError.code === "internal") deps.log.error("socket message failed", { error: appError.cause })
      say("error", `${appError.code}: ${appError.message}`)
    }
  })
  socket.on("error", (error) => deps.log.debug("socket error", { error }))
  socket.on("close", () => {
    endSpeech()
    for (const end of subscriptions.values()) end()
    for (const streamId of streams.keys()) deps.audio.end(actor, streamId)
  })
}

function scopeOf(channel: string): Scope | null {
  if (channel.startsWith("turn:")) return "chat"
  switch (channel) {
    case "wake":
    case "listening":
      return "audio"
    case "jobs":
    case "settings":
    case "conversations":
    case "memory":
      return "chat"
    case "documents":
      return "rag"
    case "models":
      return "models"
    case "metrics":
    case "logs":
    case "artifacts":
      return "ops"
    default:
      return null
  }
}

function parseMessage(text: string) {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError("request.malformed", "The message is not valid JSON.", { cause })
  }
  const parsed = clientMessage.safeParse(value)
  if (!parsed.success)
    throw new AppError("request.invalid", `The message is not valid: ${parsed.error.issues[0]?.message ?? ""}`)
  return parsed.data
}

/** u32 LE stream id, u32 LE sequence, then s16le mono. */
export function decodeAudioFrame(bytes: Buffer): { streamId: number; sequence: number; pcm: Uint8Array } {
  const count = (bytes.length - audioHeaderBytes) / 2
  if (count < 0 || !Number.isInteger(count) || count > largestFrameSamples)
    throw new AppError("request.invalid", "An audio frame is eight bytes of header and whole 16-bit samples.")
  return { streamId: bytes.readUInt32LE(0), sequence: bytes.readUInt32LE(4), pcm: bytes.subarray(audioHeaderBytes) }
}

export function encodeAudioFrame(streamId: number, sequence: number, pcm: Uint8Array): Buffer {
  const header = Buffer.alloc(audioHeaderBytes)
  header.writeUInt32LE(streamId >>> 0, 0)
  header.writeUInt32LE(sequence >>> 0, 4)
  return Buffer.concat([header, pcm])
}

const toBuffer = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data

/** The bearer a browser sends as its second subprotocol: it cannot set headers on a socket. */
function bearerOf(request: IncomingMessage): string | undefined {
  const protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim())
  return protocols.find((name) => name.startsWith(bearerPrefix))?.slice(bearerPrefix.length)
}

function refuse(socket: Duplex, error: AppError, requestId: string): void {
  const body = JSON.stringify(errorBody(error, requestId))
  socket.end(
    [
      `HTTP/1.1 ${error.status} Refused`,
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  )
}
