import { createServer } from "node:net"
import { connectBackend } from "#app/backendConnection.ts"
import { startLlamaServer } from "../fakes/llamaServer.ts"
import { openEgress } from "../fakes/openEgress.ts"
import { modelFile } from "../models/modelFiles.ts"

/** What ZenGlow adds to a server's own answers: time to the first token and tokens per second, in turns, on llama.cpp's server. */
const program = process.env.ZENGLOW_LLAMA_SERVER
if (!program) {
  console.log("not run: ZENGLOW_LLAMA_SERVER names no llama-server")
  process.exit(0)
}
const rounds = 15
const maxTokens = 96
const messages = [{ role: "user" as const, content: "Tell me a long story about a lighthouse." }]
const { signal } = new AbortController()
const probe = createServer().listen(0, "127.0.0.1")
await new Promise((resolve) => probe.once("listening", resolve))
const address = probe.address()
const port = typeof address === "object" && address !== null ? address.port : 0
await new Promise((resolve) => probe.close(resolve))
const weights = modelFile("smollm2-135m-instruct-q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf")
const server = await startLlamaServer(program, weights, port)

interface Measured {
  firstMs: number
  rate: number
}

/** The bytes as they come, with nothing but the text `"content"` looked for. */
async function direct(): Promise<Measured> {
  const startedAt = performance.now()
  const body = {
    messages,
    max_tokens: maxTokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  }
  const response = await fetch(`${server.baseUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  let firstAt: number | null = null
  let pieces = 0
  const decoder = new TextDecoder()
  for await (const part of response.body ?? []) {
    const found = decoder.decode(part, { stream: true }).match(/"content":"[^"]/g)?.length ?? 0
    if (found > 0) firstAt ??= performance.now()
    pieces += found
  }
  return measured(startedAt, firstAt ?? 0, pieces)
}

const llm = connectBackend(
  {
    name: "llama-cpp",
    kind: "openai",
    baseUrl: server.baseUrl,
    model: "m",
    contextTokens: 2048,
    allowsPrivate: false,
    allowsDocuments: false,
    isEnabled: true,
  },
  { egress: openEgress, secrets: { get: async () => null } },
).llm("m")

async function proxied(): Promise<Measured> {
  const startedAt = performance.now()
  let firstAt: number | null = null
  let pieces = 0
  for await (const event of llm.generate({ messages, maxTokens, temperature: 0 }, signal)) {
    if (event.type !== "text") continue
    firstAt ??= performance.now()
    pieces++
  }
  return measured(startedAt, firstAt ?? 0, pieces)
}

const measured = (startedAt: number, firstAt: number, pieces: number): Measured => ({
  firstMs: firstAt - startedAt,
  rate: ((pieces - 1) * 1000) / (performance.now() - firstAt),
})
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

try {
  await direct()
  await proxied()
  const own: Measured[] = []
  const through: Measured[] = []
  for (let round = 0; round < rounds; round++) {
    own.push(await direct())
    through.push(await proxied())
  }
  const [ownFirst, first] = [own, through].map((all) => median(all.map(({ firstMs }) => firstMs))) as [number, number]
  const [ownRate, rate] = [own, through].map((all) => median(all.map((one) => one.rate))) as [number, number]
  console.log(
    `first token: ${ownFirst.toFixed(1)} ms direct, ${first.toFixed(1)} ms through: ${(first - ownFirst).toFixed(1)} ms more`,
  )
  console.log(
    `tokens per second: ${ownRate.toFixed(1)} direct, ${rate.toFixed(1)} through: ${(rate / ownRate).toFixed(3)} of it`,
  )
} finally {
  await server.close()
}
