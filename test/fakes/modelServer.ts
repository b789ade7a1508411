import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export interface AskedOf {
  path: string
  body: Record<string, unknown>
  authorization: string | undefined
}

export interface ModelServer {
  baseUrl: string
  asked: AskedOf[]
  /** Resolves when a client closes its connection before the answer's end. */
  left: Promise<void>
  close(): Promise<void>
}

/** A server on this machine that answers as a test wants. @param host Address it listens on. */
export async function startModelServer(
  answer: (request: IncomingMessage, response: ServerResponse, body: Record<string, unknown>) => void,
  host = "127.0.0.1",
): Promise<ModelServer> {
  const asked: AskedOf[] = []
  let leave: () => void = () => undefined
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    response.on("close", () => {
      if (!response.writableEnded) leave()
    })
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      const body = parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : {}
      asked.push({ path: request.url ?? "", body, authorization: request.headers.authorization })
      answer(request, response, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    baseUrl: `http://${host}:${(server.address() as AddressInfo).port}`,
    asked,
    left,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(body))
}

const chunk = (delta: unknown, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** OpenAI's protocol, as its reference documents it: a model list, and a stream of two words, or of one tool call. */
export const speakOpenAi: Parameters<typeof startModelServer>[0] = (request, response, body) => {
  if (request.url === "/v1/models") return json(response, { data: [{ id: "m", max_model_len: 2048 }, { id: "rag/x" }] })
  response.writeHead(200, { "content-type": "text/event-stream" })
  if (body.tools) {
    response.write(chunk({ tool_calls: [{ index: 0, id: "t1", function: { name: "add", arguments: '{"a"' } }] }))
    response.write(chunk({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }))
    return void response.end(`${chunk({}, "tool_calls")}data: [DONE]\n\n`)
  }
  response.write(`: ping\n\n${chunk({ role: "assistant", content: "" })}${chunk({ content: "Hello " })}`)
  response.write('event: execute\ndata: {"choices":[{"delta":{"content":"EVIL"}}]}\n\n')
  const usage = { prompt_tokens: 7, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 3 } }
  response.write(chunk({ content: "there" }) + chunk({}, "stop"))
  response.end(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`)
}

/** Ollama's protocol, as its docs/api.md documents it. */
export const speakOllama: Parameters<typeof startModelServer>[0] = (request, response, body) => {
  if (request.url === "/api/tags")
    return json(response, { models: [{ name: "llama3.2:3b", model: "llama3.2:3b", size: 2_019_393_189 }] })
  if (request.url === "/api/show")
    return json(response, { capabilities: ["completion", "tools"], model_info: { "llama.context_length": 131_072 } })
  response.writeHead(200, { "content-type": "application/x-ndjson" })
  const line = (rest: object) =>
    `${JSON.stringify({ model: body.model, created_at: "2026-01-01T00:00:00Z", ...rest })}\n`
  if (body.tools) {
    const call = { function: { name: "add", arguments: { a: 1 } } }
    response.write(line({ message: { role: "assistant", content: "", tool_calls: [call] }, done: false }))
  } else {
    const [first, second] = [line({ message: { role: "assistant", content: "Hello " }, done: false }), "there"]
    // Lines are cut where the network cuts them.
    response.write(first.slice(0, 20))
    response.write(first.slice(20) + line({ message: { role: "assistant", content: second }, done: false }))
  }
  response.end(
    line({
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: "stop",
      prompt_eval_count: 7,
      eval_count: 2,
    }),
  )
}
