/**
 * The llm host against node-llama-cpp driven directly in a plain child: tokens per second, time to first token, second turn, and how
 * soon an abort frees the engine. Interleaved A B A B after a warm-up; medians and p95. Same weights, threads, context and prompts.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { LlamaContract } from "#engines/llama/contract.ts"
import { createLlamaLlm, defaultThreads } from "#engines/llama/llamaLlm.ts"
import type { ChatMessage } from "#engines/types.ts"
import { modelFile } from "../models/modelFiles.ts"

const rounds = 4
const contextTokens = 4096
const threads = defaultThreads()
const signal = new AbortController().signal
const modelPath = modelFile("qwen2.5-coder-1.5b-instruct-q4_k_m", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")
const passage =
  "The coffee machine has a water tank of 1.8 litres. Descale it every two months with the powder in the box. The lamp blinks red when the tank is empty. "
const turns = [`${passage.repeat(6)}Write a long guide to using this machine.`, "Now write the same guide for a child."]

interface Turn {
  firstTokenMs: number
  generateMs: number
  tokens: number
}

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
const direct = fork(fileURLToPath(new URL("./llmDirect.ts", import.meta.url)), [
  modelPath,
  String(threads),
  String(contextTokens),
])
await Promise.all([llm.load(signal), once(direct, "message")])

async function runOurs(round: number): Promise<Turn[]> {
  // A word that differs per round keeps the first turn from being cached.
  const messages: ChatMessage[] = [{ role: "system", content: `Round ${round}. You are helpful.` }]
  const results: Turn[] = []
  for (const turn of turns) {
    messages.push({ role: "user", content: turn })
    const startedAt = performance.now()
    let firstAt = 0
    let text = ""
    let tokens = 0
    for await (const event of llm.generate({ messages, cacheKey: `${round}`, temperature: 0, maxTokens: 64 }, signal)) {
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

async function runDirect(): Promise<Turn[]> {
  direct.send(turns)
  const [results] = (await once(direct, "message")) as [Turn[]]
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

const ours: Turn[][] = []
const theirs: Turn[][] = []
const aborts: number[] = []
await runOurs(-1)
await runDirect()
for (let round = 0; round < rounds; round++) {
  ours.push(await runOurs(round))
  theirs.push(await runDirect())
  aborts.push(await runAbort())
}
direct.kill()
await client.stop()

const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b)
const median = (values: number[]): number => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN
const p95 = (values: number[]): number => sorted(values)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN
const rate = (runs: Turn[][]): number[] =>
  runs.flat().map(({ tokens, generateMs }) => ((tokens - 1) / generateMs) * 1000)
const first = (runs: Turn[][], turn: number): number[] => runs.map((run) => run[turn]!.firstTokenMs)
const line = (name: string, a: number[], b: number[], unit: string): void =>
  console.log(
    `${name.padEnd(24)} host ${median(a).toFixed(1)} (p95 ${p95(a).toFixed(1)}) · direct ${median(b).toFixed(1)} (p95 ${p95(b).toFixed(1)}) ${unit} · ratio ${(median(a) / median(b)).toFixed(3)}`,
  )
console.log(
  `llm: Qwen2.5-Coder 1.5B Q4_K_M, ${threads} threads, ${rounds} rounds of 2 turns, 64 tokens each, temperature 0`,
)
line("generation", rate(ours), rate(theirs), "tokens/s")
line("first token, turn 1", first(ours, 0), first(theirs, 0), "ms")
line("first token, turn 2", first(ours, 1), first(theirs, 1), "ms")
console.log(
  `abort frees the engine     median ${median(aborts).toFixed(1)} ms, worst ${Math.max(...aborts).toFixed(1)} ms`,
)
