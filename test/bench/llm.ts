/**
 * The llm host against node-llama-cpp driven directly in a plain child: tokens per second, time to first token, second turn, and how
 * soon an abort frees the engine. Interleaved A B A B after a warm-up. Same weights, threads, context and prompts. With
 * `--llama-server PATH` (or `ZENGLOW_LLAMA_SERVER`) llama.cpp's own server takes part.
 */
import { existsSync } from "node:fs"
import { parseArgs } from "node:util"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { LlamaContract } from "#engines/llama/contract.ts"
import { createLlamaLlm, defaultThreads } from "#engines/llama/llamaLlm.ts"
import type { ChatMessage } from "#engines/types.ts"
import { modelFile } from "../models/modelFiles.ts"
import {
  answerTokens,
  contextTokens,
  interleave,
  median,
  printRatios,
  questions,
  type Side,
  startDirect,
  startLlamaServer,
  systemPrompt,
  type Turn,
} from "./shared/chatTurns.ts"

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "6" }, "llama-server": { type: "string" } },
})
const rounds = Number(options.rounds)
const serverProgram = options["llama-server"] ?? process.env.ZENGLOW_LLAMA_SERVER
const threads = defaultThreads()
const signal = new AbortController().signal
const modelPath = modelFile("qwen2.5-coder-1.5b-instruct-q4_k_m", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")

if (!existsSync(modelPath)) {
  console.log("llm: not run (the Qwen2.5-Coder 1.5B weights are not installed)")
  process.exit(0)
}
const client = createHostClient<LlamaContract>({
  name: "llm",
  adapter: createForkAdapter({ entry: new URL("../../main/engines/llama/entry.ts", import.meta.url) }),
  log: silentLogger,
})
const llm = createLlamaLlm({
  client,
  log: silentLogger,
  model: { id: "bench", path: modelPath, contextTokens },
  threads,
})

async function host(round: number): Promise<Turn[]> {
  const messages: ChatMessage[] = [{ role: "system", content: systemPrompt(round) }]
  const results: Turn[] = []
  for (const question of questions) {
    messages.push({ role: "user", content: question })
    const startedAt = performance.now()
    let firstAt = 0
    let text = ""
    let tokens = 0
    const request = { messages, cacheKey: `${round}`, temperature: 0, maxTokens: answerTokens }
    for await (const event of llm.generate(request, signal)) {
      if (event.type === "text") {
        if (firstAt === 0) firstAt = performance.now()
        text += event.text
      } else if (event.type === "end") tokens = event.usage.completionTokens
    }
    results.push({ firstTokenMs: firstAt - startedAt, generateMs: performance.now() - firstAt, tokens })
    messages.push({ role: "assistant", content: text })
  }
  return results
}

async function runAbort(): Promise<number> {
  const controller = new AbortController()
  let abortedAt = 0
  const messages: ChatMessage[] = [{ role: "user", content: "Count upwards from one, in words." }]
  try {
    let pieces = 0
    for await (const event of llm.generate({ messages, cacheKey: "abort", temperature: 0 }, controller.signal))
      if (event.type === "text" && ++pieces === 8) {
        abortedAt = performance.now()
        controller.abort(new Error("enough"))
      }
  } catch {
    // The abort's own reason.
  }
  // The engine is free when the next request is answered: this one costs nothing by itself.
  await llm.countTokens([""], signal)
  return performance.now() - abortedAt
}

const [direct] = await Promise.all([startDirect(modelPath, threads), llm.load(signal)])
const server = serverProgram ? await startLlamaServer(serverProgram, modelPath, threads) : null
const sides: Record<string, Side> = { host, direct: direct.run, ...(server ? { server: server.run } : {}) }
const runs = await interleave(sides, rounds)
direct.stop()
server?.stop()
const aborts: number[] = []
for (let round = 0; round < rounds; round++) aborts.push(await runAbort())
await client.stop()

console.log(
  `llm: Qwen2.5-Coder 1.5B Q4_K_M, ${threads} threads, ${rounds} rounds of 2 turns, ${answerTokens} tokens each, temperature 0`,
)
const own = { name: "host", runs: runs.host ?? [] }
printRatios(own, { name: "direct", runs: runs.direct ?? [] })
if (runs.server) printRatios(own, { name: "llama-server", runs: runs.server })
else console.log("llama-server         not run (name its binary with --llama-server PATH)")
console.log(
  `abort frees the engine  median ${median(aborts).toFixed(1)} ms, worst ${Math.max(...aborts).toFixed(1)} ms of ${rounds}`,
)
