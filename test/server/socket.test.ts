import { once } from "node:events"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, emptyFrame, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { rawRequest } from "../fakes/rawRequest.ts"

let fake: FakeServer
let server: CoreServer
let port: number

beforeAll(async () => {
  fake = createFakeServer()
  server = createServer(fake.deps)
  port = (await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).port
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

interface Client {
  socket: WebSocket
  say(message: unknown): void
  /** The next message, text parsed, binary as bytes. */
  next(): Promise<unknown>
}

async function open(secret = testKey): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["zenglow", `bearer.${secret}`])
  const arrived: unknown[] = []
  const waiting: ((value: unknown) => void)[] = []
  socket.on("message", (data, isBinary) => {
    const value = isBinary ? data : (JSON.parse(String(data)) as unknown)
    const resolve = waiting.shift()
    if (resolve) resolve(value)
    else arrived.push(value)
  })
  await once(socket, "open")
  return {
    socket,
    say: (message) => socket.send(JSON.stringify(message)),
    next: () =>
      arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)),
  }
}

describe("/ws", () => {
  it("agrees on the plain subprotocol and never echoes the bearer", async () => {
    const client = await open()
    expect(client.socket.protocol).toBe("zenglow")
    client.say({ type: "ping" })
    expect(await client.next()).toEqual({ channel: "socket", seq: 0, type: "pong" })
    client.socket.close()
  })

  it("replays a turn after a seq, then carries it live", async () => {
    const turn = fake.addTurn("w1")
    turn.emit({ type: "text-delta", text: "a" })
    turn.emit({ type: "text-delta", text: "b" })
    const client = await open()
    client.say({ type: "subscribe", channel: "turn:w1", afterSeq: 0 })
    expect(await client.next()).toMatchObject({ channel: "socket", type: "subscribed", message: "turn:w1" })
    expect(await client.next()).toMatchObject({ channel: "turn:w1", seq: 1, event: { text: "b" } })
    turn.emit({ type: "text-delta", text: "c" })
    expect(await client.next()).toMatchObject({ channel: "turn:w1", seq: 2, event: { text: "c" } })
    client.say({ type: "subscribe", channel: "turn:none" })
    expect(await client.next()).toMatchObject({ type: "error", message: expect.stringContaining("turn.not-found") })
    client.socket.close()
  })

  it("carries jobs, metrics and changes, each numbered on its own", async () => {
    const client = await open()
    for (const channel of ["jobs", "metrics", "documents"]) {
      client.say({ type: "subscribe", channel })
      expect(await client.next()).toMatchObject({ type: "subscribed", message: channel })
    }
    fake.setJob({ id: "j1", done: 2, payload: "/secret/path" } as Parameters<FakeServer["setJob"]>[0])
    const job = await client.next()
    expect(job).toMatchObject({ channel: "jobs", seq: 0, job: { done: 2 } })
    expect(JSON.stringify(job)).not.toContain("secret")
    fake.frames.publish(emptyFrame)
    expect(await client.next()).toMatchObject({ channel: "metrics", seq: 0, frame: { at: 1 } })
    fake.changes.publish({ channel: "models", id: null })
    fake.changes.publish({ channel: "documents", id: "d1" })
    expect(await client.next()).toEqual({ channel: "documents", seq: 0, type: "changed", id: "d1" })
    client.say({ type: "unsubscribe", channel: "documents" })
    client.say({ type: "ping" })
    expect(await client.next()).toMatchObject({ type: "pong" })
    fake.changes.publish({ channel: "documents", id: "d2" })
    client.say({ type: "ping" })
    expect(await client.next()).toMatchObject({ type: "pong" })
    client.socket.close()
  })

  it("hands microphone frames on in order and says when their client is gone", async () => {
    const client = await open()
    const frame = Buffer.alloc(8 + 4)
    frame.writeUInt32LE(7, 0)
    frame.writeUInt32LE(1, 4)
    frame.writeInt16LE(16_384, 8)
    frame.writeInt16LE(-32_768, 10)
    client.socket.send(frame)
    client.say({ type: "ping" })
    await client.next()
    expect(fake.heardAudio.splice(0)).toEqual([{ streamId: 7, sequence: 1, bytes: [0, 64, 0, 128] }])
    client.socket.send(frame.subarray(0, 9))
    expect(await client.next()).toMatchObject({ type: "error", message: expect.stringContaining("request.invalid") })
    frame.writeUInt32LE(0, 4)
    client.socket.send(frame)
    expect(await client.next()).toMatchObject({ type: "error", message: expect.stringContaining("order") })
    const gone = fake.streamEnded()
    client.socket.terminate()
    expect(await gone).toBe(7)
  })

  it("sends speech only to those who follow its turn", async () => {
    fake.addTurn("w2")
    const follower = await open()
    const other = await open()
    follower.say({ type: "subscribe", channel: "turn:w2" })
    await follower.next()
    fake.speech.publish({ turnId: "w2", streamId: 9, sequence: 3, pcm: Uint8Array.of(0, 64, 255, 127) })
    const frame = (await follower.next()) as Buffer
    expect([frame.readUInt32LE(0), frame.readUInt32LE(4), frame.readInt16LE(8), frame.readInt16LE(10)]).toEqual([
      9, 3, 16_384, 32_767,
    ])
    other.say({ type: "ping" })
    expect(await other.next()).toMatchObject({ type: "pong" })
    follower.socket.close()
    other.socket.close()
  })

  it("answers nonsense with an error and lives on", async () => {
    const client = await open()
    for (const text of [
      "",
      "{",
      "[]",
      '{"type":"subscribe"}',
      '{"type":"nothing"}',
      '{"type":"subscribe","channel":"x"}',
    ]) {
      client.socket.send(text)
      expect(await client.next(), text).toMatchObject({ channel: "socket", type: "error" })
    }
    client.say({ type: "ping" })
    expect(await client.next()).toMatchObject({ type: "pong" })
    client.socket.close()
  })

  it("closes with 1009 for a message that is too large", async () => {
    const client = await open()
    client.socket.send(Buffer.alloc(1024 * 1024 + 1))
    expect((await once(client.socket, "close"))[0]).toBe(1009)
  })

  it("ends when its key is revoked, and keeps to the key's scopes until then", async () => {
    const created = await rawRequest({
      port,
      method: "POST",
      path: "/api/keys",
      headers: { "x-api-key": testKey, "content-type": "application/json" },
      body: JSON.stringify({ name: "chatter", scopes: ["chat"] }),
    })
    const { secret, key } = created.json() as unknown as { secret: string; key: { id: string } }
    const client = await open(secret)
    client.say({ type: "subscribe", channel: "metrics" })
    expect(await client.next()).toMatchObject({ type: "error", message: expect.stringContaining("auth.missing-scope") })
    const closed = once(client.socket, "close")
    await rawRequest({ port, method: "DELETE", path: `/api/keys/${key.id}`, headers: { "x-api-key": testKey } })
    expect((await closed)[0]).toBe(1008)
  })

  it("closes with 1001 when the core stops", async () => {
    const stopping = createFakeServer()
    const other = createServer(stopping.deps)
    const bound = await other.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    const socket = new WebSocket(`ws://127.0.0.1:${bound.port}/ws`, ["zenglow", `bearer.${testKey}`])
    await once(socket, "open")
    const closed = once(socket, "close")
    await other.close()
    expect((await closed)[0]).toBe(1001)
    stopping.remove()
  })
})

describe("/ws/metrics", () => {
  const connect = (query: string, secret = testKey) =>
    new WebSocket(`ws://127.0.0.1:${port}/ws/metrics${query}`, ["zenglow", `bearer.${secret}`])

  it("sends a frame at once and further ones as they are measured, and counts who listens", async () => {
    const socket = connect("?interval_ms=500")
    const [first] = (await once(socket, "message")) as [Buffer]
    expect(JSON.parse(String(first))).toMatchObject({
      type: "metrics_update",
      timestamp: emptyFrame.at,
      system: { cpu_percent: emptyFrame.cpuPercent },
    })
    const status = await rawRequest({
      port,
      path: "/ws/metrics/status",
      headers: { authorization: `Bearer ${testKey}` },
    })
    expect(status.json()).toMatchObject({ active_connections: 1, endpoint: "/ws/metrics" })
    const next = once(socket, "message") as Promise<[Buffer]>
    fake.frames.publish({ ...emptyFrame, at: 42 })
    expect(JSON.parse(String((await next)[0]))).toMatchObject({ timestamp: 42 })
    socket.close()
    await once(socket, "close")
  })

  it("refuses another interval, and a key without the scope", async () => {
    const refused = async (socket: WebSocket): Promise<number> => {
      socket.on("error", () => undefined)
      const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }]
      return response.statusCode
    }
    expect(await refused(connect("?interval_ms=1"))).toBe(422)
    const made = await fetch(`http://127.0.0.1:${port}/api/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "chat only", scopes: ["chat"] }),
    })
    const { secret } = (await made.json()) as { secret: string }
    expect(await refused(connect("", secret))).toBe(403)
  })
})
