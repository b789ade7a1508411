/**
 * The core as its clients meet it: chat over HTTP beside node-llama-cpp driven directly (interleaved, same weights, threads and
 * prompts), and the core's own costs: time until ready, idle memory, and the loop's delay under load.
 */
import { existsSync } from "node:fs"
import { parseArgs } from "node:util"
import { defaultThreads } from "#engines/llama/llamaLlm.ts"
import { modelFile } from "../models/modelFiles.ts"
import { answerTokens, interleave, overHttp, passage, printRatios, startDirect } from "./shared/chatTurns.ts"
import { builtCli, startCore } from "./shared/core.ts"

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "6" } } })
const rounds = Number(options.rounds)
const model = "qwen2.5-coder-1.5b-instruct-q4_k_m"
const modelPath = modelFile(model, `${model}.gguf`)

if (!existsSync(modelPath) || !existsSync(builtCli)) {
  console.log("http: not run (the build or the Qwen2.5-Coder 1.5B weights are missing)")
  process.exit(0)
}
const core = await startCore()
const direct = await startDirect(modelPath, defaultThreads())
const http = overHttp(core.baseUrl, core.headers, model)
const runs = await interleave({ http, direct: direct.run }, rounds)
direct.stop()

// Load: generation, an ingest and a metrics stream at once.
const text = Array.from({ length: 400 }, (_, index) => `# Part ${index}\n\n${passage.repeat(4)}`).join("\n\n")
const ingesting = fetch(`${core.baseUrl}/rag/ingest`, {
  method: "POST",
  headers: { ...core.headers, "content-type": "application/json" },
  body: JSON.stringify({ text, title: "Load" }),
})
await Promise.all([ingesting, http(rounds)])
const { eventLoopDelayP99Ms } = await core.frame()
await core.stop()

console.log(
  `http: Qwen2.5-Coder 1.5B Q4_K_M, ${defaultThreads()} threads, ${rounds} rounds of 2 turns, ${answerTokens} tokens each, temperature 0`,
)
printRatios({ name: "http", runs: runs.http }, { name: "direct", runs: runs.direct })
console.log(`core                 ready ${Math.round(core.readyMs)} ms · idle memory: npm run bench -- idle`)
console.log(`event loop p99       ${eventLoopDelayP99Ms.toFixed(1)} ms while generating and ingesting`)
