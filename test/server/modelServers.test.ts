import { afterEach, describe, expect, it } from "vitest"
import { connectBackend, createBackendGuard } from "#app/backendConnection.ts"
import type { Backend } from "#contract/backends.ts"
import { createConnection } from "#engines/remote/connection.ts"
import { createOpenAiServer } from "#engines/remote/openAiServer.ts"
import type { GenerateEvent, GenerateRequest, Llm } from "#engines/types.ts"
import { json, type ModelServer, speakOllama, speakOpenAi, startModelServer } from "../fakes/modelServer.ts"
import { openEgress } from "../fakes/openEgress.ts"

const signal = new AbortController().signal
let server: ModelServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const backendAt = (baseUrl: string, kind: Backend["kind"], model = "m"): Backend => ({
  name: "home",
  kind,
  baseUrl,
  model,
  contextTokens: null,
  allowsPrivate: false,
  allowsDocuments: false,
  isEnabled: true,
})
const connect = (kind: Backend["kind"], model = "m") =>
  connectBackend(backendAt(server?.baseUrl ?? "", kind, model), {
    egress: openEgress,
    secrets: { get: async (name) => (name === "backend:home" ? { value: "its-key", source: "vault" } : null) },
  })
const question: GenerateRequest = { messages: [{ role: "user", content: "Say hello." }], maxTokens: 20 }
const collect = async (llm: Llm, request = question, given = signal): Promise<GenerateEvent[]> => {
  const events: GenerateEvent[] = []
  for await (const event of llm.generate(request, given)) events.push(event)
  return events
}
const textOf = (events: GenerateEvent[]): string =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("")
const add = { name: "add", parameters: { type: "object", properties: { a: { type: "number" } } } }

describe("an OpenAI-compatible server", () => {
  it("streams its text with its usage, and nothing of events that are not the answer's", async () => {
    server = await startModelServer(speakOpenAi)
    const events = await collect(connect("openai").llm("m"))
    expect(textOf(events)).toBe("Hello there")
    expect(events.at(-1)).toMatchObject({
      type: "end",
      reason: "stop",
      usage: { promptTokens: 7, cachedTokens: 3, completionTokens: 2 },
    })
    expect(server.asked.at(-1)).toMatchObject({
      path: "/v1/chat/completions",
      authorization: "Bearer its-key",
      body: { model: "m", max_tokens: 20, stream: true },
    })
  })

  it("puts pieces of a tool call under the name that came first", async () => {
    server = await startModelServer(speakOpenAi)
    const events = await collect(connect("openai").llm("m"), { ...question, tools: [add], toolChoice: { name: "add" } })
    const calls = events.filter((event) => event.type === "tool-call")
    expect(calls.map(({ id, name }) => `${id} ${name}`)).toEqual(["t1 add", "t1 add"])
    expect(calls.map(({ argumentsDelta }) => argumentsDelta).join("")).toBe('{"a":1}')
    expect(events.at(-1)).toMatchObject({ reason: "tool-calls" })
    expect(server.asked.at(-1)?.body.tool_choice).toEqual({ type: "function", function: { name: "add" } })
  })

  it("sends the schema an answer must have", async () => {
    server = await startModelServer(speakOpenAi)
    const schema = { type: "object", properties: { a: { type: "string" } } }
    await collect(connect("openai").llm("m"), { ...question, responseFormat: { type: "json_schema", schema } })
    expect(server.asked.at(-1)?.body.response_format).toMatchObject({ type: "json_schema", json_schema: { schema } })
  })

  it("lists its models with their context, without the collections of another ZenGlow", async () => {
    server = await startModelServer(speakOpenAi)
    const connected = connect("openai")
    expect(await connected.models(signal)).toEqual([{ id: "m", contextTokens: 2048 }])
    expect(await connected.llm("m").info(signal)).toMatchObject({ modelId: "home/m", contextTokens: 2048 })
  })

  it("closes the connection when the request is aborted", async () => {
    server = await startModelServer((request, response, body) => {
      if (request.url === "/v1/models") return speakOpenAi(request, response, body)
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write('data: {"choices":[{"delta":{"content":"One"}}]}\n\n')
    })
    const stop = new AbortController()
    const reading = (async () => {
      for await (const event of connect("openai").llm("m").generate(question, stop.signal))
        if (event.type === "text") stop.abort(new Error("enough"))
    })()
    await expect(reading).rejects.toThrow("enough")
    await server.left
  })

  it("closes the connection when nobody reads on", async () => {
    server = await startModelServer((request, response, body) => {
      if (request.url === "/v1/models") return speakOpenAi(request, response, body)
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write('data: {"choices":[{"delta":{"content":"One"}}]}\n\n')
    })
    for await (const event of connect("openai").llm("m").generate(question, signal)) if (event.type === "text") break
    await server.left
  })

  it.each([
    ["a web page", "backend.failed", 200, "text/html", "<html>hello</html>"],
    ["garbage", "backend.failed", 200, "text/event-stream", "data: {not json\n\n"],
    ["bytes without an event", "backend.failed", 200, "text/event-stream", "\u0000\u0001\u0002"],
    [
      "an answer that breaks off",
      "backend.failed",
      200,
      "text/event-stream",
      'data: {"choices":[{"delta":{"content":"Hal"}}]}\n\n',
    ],
    ["an error in the stream", "backend.failed", 200, "text/event-stream", 'data: {"error":{"message":"boom"}}\n\n'],
    ["a wrong key", "backend.key", 401, "application/json", "{}"],
    ["too many requests", "backend.busy", 429, "application/json", "{}"],
    [
      "a prompt that is too long for it",
      "llm.context-exceeded",
      400,
      "application/json",
      '{"error":{"code":"context_length_exceeded"}}',
    ],
    ["a fault of its own", "backend.failed", 500, "application/json", '{"error":"its-key"}'],
  ])("says what %s means, without its words", async (_what, code, status, type, body) => {
    server = await startModelServer((request, response, given) => {
      if (request.url === "/v1/models") return speakOpenAi(request, response, given)
      response.writeHead(status, { "content-type": type })
      response.end(body)
    })
    const failed = await collect(connect("openai").llm("m")).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code })
    expect(String(failed)).not.toMatch(/its-key|boom|<html>/)
  })

  it("does not follow where a server leads", async () => {
    const metadata = await startModelServer((_request, response) => json(response, { data: [] }))
    server = await startModelServer((_request, response) => {
      response.writeHead(302, { location: `${metadata.baseUrl}/v1/models` })
      response.end()
    })
    await expect(connect("openai").models(signal)).rejects.toMatchObject({ code: "backend.refused" })
    expect(metadata.asked).toEqual([])
    await metadata.close()
  })

  it("is given up when it says nothing", async () => {
    server = await startModelServer(() => undefined)
    const connection = createConnection({
      name: "home",
      baseUrl: server.baseUrl,
      guard: async () => undefined,
      fetch,
      apiKey: async () => null,
      stallMs: 30,
    })
    const hanging = createOpenAiServer(connection, server.baseUrl).models(signal)
    await expect(hanging).rejects.toMatchObject({ code: "backend.unreachable" })
    await server.left
  })

  it.each([
    [0, 8192],
    [-5, 8192],
    [1e15, 1_048_576],
    ["many", 8192],
  ])("is not believed a context of %s", async (told, context) => {
    server = await startModelServer((_request, response) =>
      json(response, { data: [{ id: "m", max_model_len: told }] }),
    )
    expect((await connect("openai").llm("m").info(signal)).contextTokens).toBe(context)
  })
})

describe("Ollama", () => {
  it("streams lines that are cut anywhere, in the context it was asked for", async () => {
    server = await startModelServer(speakOllama)
    const connected = connect("ollama", "llama3.2:3b")
    expect(await connected.models(signal)).toEqual([{ id: "llama3.2:3b", contextTokens: null }])
    const events = await collect(connected.llm("llama3.2:3b"))
    expect(textOf(events)).toBe("Hello there")
    expect(events.at(-1)).toMatchObject({ reason: "stop", usage: { promptTokens: 7, completionTokens: 2 } })
    expect(server.asked.at(-1)).toMatchObject({
      path: "/api/chat",
      body: { model: "llama3.2:3b", options: { num_ctx: 8192, num_predict: 20 } },
    })
  })

  it("calls tools, and hears which tool an answer is from", async () => {
    server = await startModelServer(speakOllama)
    const events = await collect(connect("ollama").llm("m"), {
      messages: [
        { role: "assistant", content: "", toolCalls: [{ id: "call_0", name: "add", arguments: '{"a":1}' }] },
        { role: "tool", content: "1", toolCallId: "call_0" },
      ],
      tools: [add],
    })
    expect(events).toContainEqual({ type: "tool-call", index: 0, id: "call_0", name: "add", argumentsDelta: '{"a":1}' })
    expect(server.asked.at(-1)?.body.messages).toEqual([
      { role: "assistant", content: "", tool_calls: [{ function: { name: "add", arguments: { a: 1 } } }] },
      { role: "tool", content: "1", tool_name: "add" },
    ])
  })

  it("takes a schema as its format", async () => {
    server = await startModelServer(speakOllama)
    const schema = { type: "object" }
    await collect(connect("ollama").llm("m"), { ...question, responseFormat: { type: "json_schema", schema } })
    expect(server.asked.at(-1)?.body.format).toEqual(schema)
  })

  it("is not taken to have finished when its lines end in the middle", async () => {
    server = await startModelServer((request, response, body) => {
      if (request.url === "/api/show") return speakOllama(request, response, body)
      response.end('{"message":{"content":"Hal"},"done":false}\n')
    })
    await expect(collect(connect("ollama").llm("m"))).rejects.toMatchObject({ code: "backend.failed" })
  })
})

describe("an edge function", () => {
  it("is given a prompt and answers with a text", async () => {
    server = await startModelServer((_request, response) => json(response, { text: "Hello there" }))
    const connected = connect("edge", "get_gemma_response")
    expect(await connected.models(signal)).toEqual([{ id: "get_gemma_response", contextTokens: null }])
    const events = await collect(connected.llm("get_gemma_response"), { ...question, temperature: 0.2 })
    expect(textOf(events)).toBe("Hello there")
    expect(server.asked.at(-1)).toMatchObject({
      path: "/functions/v1/get_gemma_response",
      authorization: "Bearer its-key",
      body: { prompt: "User: Say hello.\n\nAssistant:", temperature: 0.2, max_tokens: 20 },
    })
  })

  it("does not pass its JSON off as an answer when the text is empty", async () => {
    server = await startModelServer((_request, response) => json(response, { text: "" }))
    await expect(collect(connect("edge").llm("m"))).rejects.toMatchObject({ code: "backend.failed" })
  })

  it("is not asked to call tools", async () => {
    server = await startModelServer((_request, response) => json(response, { text: "x" }))
    const asked = collect(connect("edge").llm("m"), { ...question, tools: [add] })
    await expect(asked).rejects.toMatchObject({ code: "backend.unsupported" })
    expect(server.asked).toEqual([])
  })
})

describe("addresses of servers", () => {
  const guard = (baseUrl: string, address: string, allowsPrivate: boolean, isOffline = false) =>
    createBackendGuard({
      baseUrl,
      allowsPrivate,
      isOffline: () => isOffline,
      lookup: async () => [{ address, family: address.includes(":") ? 6 : 4 }],
    })(new URL("v1/models", `${baseUrl}/`))

  it.each([
    ["https://models.test", "93.184.216.34", false],
    ["http://box.test:8080", "192.168.1.9", true],
    ["http://127.0.0.1:11434", "127.0.0.1", false],
    ["http://localhost:11434", "127.0.0.1", false],
  ])("%s at %s is spoken to", async (baseUrl, address, allowsPrivate) => {
    await expect(guard(baseUrl, address, allowsPrivate)).resolves.toBeUndefined()
  })

  it.each([
    ["http://models.test", "93.184.216.34", true, "not https"],
    ["https://models.test", "192.168.1.9", false, "private and not allowed"],
    ["http://localhost.example.com", "10.0.0.1", false, "only looks local"],
    ["https://models.test", "169.254.169.254", true, "cloud metadata"],
    ["https://models.test", "::ffff:10.0.0.1", false, "private in the clothes of IPv6"],
  ])("%s at %s is refused: %s %s", async (baseUrl, address, allowsPrivate) => {
    await expect(guard(baseUrl, address, allowsPrivate)).rejects.toMatchObject({ code: "backend.refused" })
  })

  it("offline, only this machine is spoken to", async () => {
    await expect(guard("https://models.test", "93.184.216.34", false, true)).rejects.toMatchObject({
      code: "download.offline",
    })
    await expect(guard("http://127.0.0.1:1", "127.0.0.1", false, true)).resolves.toBeUndefined()
  })
})
