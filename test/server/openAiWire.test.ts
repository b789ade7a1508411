import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { GenerateEvent } from "#contract/generation.ts"
import { AppError } from "#core/errors.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { endEvent } from "../fakes/fakeServerLlm.ts"

let fake: FakeServer
let server: CoreServer
let baseUrl: string

beforeAll(async () => {
  fake = createFakeServer()
  server = createServer(fake.deps)
  baseUrl = (await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).baseUrl
})
afterEach(() => {
  fake.llm.script = null
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" }
const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${baseUrl}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
const ask = (extra: Record<string, unknown> = {}) =>
  post("/v1/chat/completions", {
    model: "fake-chat",
    stream: true,
    messages: [{ role: "user", content: "one two" }],
    ...extra,
  })
interface Chunk {
  id: string
  created: number
  model: string
  object: string
  choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null; logprobs: unknown }[]
  usage?: unknown
  error?: { message: string; code: string }
}
const chunksOf = (text: string): Chunk[] =>
  [...text.matchAll(/^data: ({.*})$/gm)].map((match) => JSON.parse(match[1] ?? "") as Chunk)

describe("a streamed chat", () => {
  it("is `data:` lines and comments only, begins with a ping and ends with [DONE]", async () => {
    const response = await ask()
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/)
    expect(response.headers.get("x-request-id")).toBeTruthy()
    const text = await response.text()
    expect(text).toMatch(/^: ping\n\ndata: /)
    expect(text).toMatch(/\n\ndata: \[DONE\]\n\n$/)
    for (const line of text.split("\n").filter(Boolean)) expect(line).toMatch(/^(data: |: )/)
  })

  it("has the role in the first delta only, one identity, and no finish_reason before the end", async () => {
    const chunks = chunksOf(await (await ask()).text())
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.role)).toEqual(["assistant", undefined, undefined, undefined])
    expect(new Set(chunks.map(({ id, created, model, object }) => `${id} ${created} ${model} ${object}`)).size).toBe(1)
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason)).toEqual([null, null, null, "stop"])
    expect(chunks.every((chunk) => !("usage" in chunk))).toBe(true)
  })

  it("carries usage only when asked for, in a last chunk without choices", async () => {
    const chunks = chunksOf(await (await ask({ stream_options: { include_usage: true } })).text())
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 2 } })
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
  })

  it("names a tool call once, then sends only pieces of its arguments, with the index always", async () => {
    const call = (index: number, argumentsDelta: string): GenerateEvent => ({
      type: "tool-call",
      index,
      id: `call_${index}`,
      name: "look",
      argumentsDelta,
    })
    fake.llm.script = async function* () {
      yield call(0, "")
      yield call(0, "{}")
      yield call(1, '{"a"')
      yield call(1, ":1}")
      yield endEvent("tool-calls", 4)
    }
    const chunks = chunksOf(await (await ask({ tools: [{ type: "function", function: { name: "look" } }] })).text())
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.tool_calls)).toEqual([
      undefined,
      [{ index: 0, id: "call_0", type: "function", function: { name: "look", arguments: "" } }],
      [{ index: 0, function: { arguments: "{}" } }],
      [{ index: 1, id: "call_1", type: "function", function: { name: "look", arguments: '{"a"' } }],
      [{ index: 1, function: { arguments: ":1}" } }],
      undefined,
    ])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls")
  })

  it("keeps reasoning out of the content", async () => {
    fake.llm.script = async function* () {
      yield { type: "reasoning", text: "hm" }
      yield { type: "text", text: "yes" }
      yield endEvent("stop", 2)
    }
    const deltas = chunksOf(await (await ask()).text()).map((chunk) => chunk.choices[0]?.delta)
    expect(deltas[1]).toEqual({ reasoning_content: "hm" })
    expect(deltas[2]).toEqual({ content: "yes" })
  })

  it("tells several choices apart by index", async () => {
    const chunks = chunksOf(await (await ask({ n: 2 })).text())
    const text = (index: number) =>
      chunks
        .filter((chunk) => chunk.choices[0]?.index === index)
        .map((chunk) => chunk.choices[0]?.delta.content ?? "")
        .join("")
    expect([text(0), text(1)]).toEqual(["one two", "one two"])
  })

  it("reports a late failure as a chunk with `error`, without [DONE]", async () => {
    fake.llm.script = async function* () {
      yield { type: "text", text: "half" }
      throw new AppError("engine.crashed", "The model process ended.")
    }
    const text = await (await ask()).text()
    expect(chunksOf(text).at(-1)?.error).toMatchObject({ code: "engine.crashed", message: "The model process ended." })
    expect(text).not.toContain("[DONE]")
  })
})

describe("errors under /v1", () => {
  it("have OpenAI's shape on unknown addresses, methods, bodies and keys", async () => {
    const answers = [
      [await fetch(`${baseUrl}/v1/nothing`, { headers }), 404, "unknown_url"],
      [await fetch(`${baseUrl}/v1/chat/completions`, { headers }), 405, "method_not_supported"],
      [await fetch(`${baseUrl}/v1/models`), 401, "invalid_api_key"],
      [await fetch(`${baseUrl}/v1/chat/completions`, { method: "POST", headers, body: "{" }), 400, "invalid_json"],
      [await post("/v1/chat/completions", {}), 400, "invalid_value"],
    ] as const
    for (const [response, status, code] of answers) {
      expect(response.status, code).toBe(status)
      const body = (await response.json()) as { error: Record<string, unknown> }
      expect(Object.keys(body.error).sort()).toEqual(["code", "message", "param", "type"])
      expect(body.error.code).toBe(code)
    }
  })

  it("refuse a completion that ended without an end rather than call it whole", async () => {
    fake.llm.script = async function* () {
      yield { type: "text", text: "half" }
    }
    expect((await ask({ stream: false })).status).toBe(500)
  })
})

describe("speech", () => {
  it("streams as events on request", async () => {
    const response = await post("/v1/audio/speech", { model: "tts-1", voice: "amy", input: "Hi", stream_format: "sse" })
    const events = (await response.text())
      .match(/^data: .*$/gm)
      ?.map((line) => JSON.parse(line.slice(6)) as { type: string; audio?: string })
    expect(events?.map((event) => event.type)).toEqual([
      "speech.audio.delta",
      "speech.audio.delta",
      "speech.audio.delta",
      "speech.audio.done",
    ])
    expect(Buffer.from(events?.[2]?.audio ?? "", "base64").toString()).toBe("Hi")
  })

  it("lists installed voices", async () => {
    const response = await fetch(`${baseUrl}/v1/audio/voices`, { headers })
    expect(await response.json()).toMatchObject({
      object: "list",
      data: [{ id: "amy", object: "voice" }, { id: "ben" }],
    })
  })
})

describe("embeddings", () => {
  it("in base64 are little-endian f32 in the order of the input", async () => {
    const body = { model: "fake-embedder", input: ["b", "a"] }
    const floats = (await (await post("/v1/embeddings", body)).json()) as {
      data: { index: number; embedding: number[] }[]
    }
    const packed = (await (await post("/v1/embeddings", { ...body, encoding_format: "base64" })).json()) as {
      data: { index: number; embedding: string }[]
    }
    for (const [index, item] of packed.data.entries()) {
      const bytes = Buffer.from(item.embedding, "base64")
      const values = Array.from({ length: bytes.length / 4 }, (_, place) => bytes.readFloatLE(place * 4))
      expect(item.index).toBe(index)
      expect(values).toEqual(floats.data[index]?.embedding)
    }
  })
})
