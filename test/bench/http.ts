/**
 * The core as its clients meet it: chat over HTTP beside node-llama-cpp driven directly (interleaved, same weights, threads and
 * prompts), and the core's own costs: time until ready, idle memory, and the loop's delay under load.
 */
import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { defaultThreads } from "#engines/llama/llamaLlm.ts"
import { modelFile } from "../models/modelFiles.ts"

const model = "qwen2.5-coder-1.5b-instruct-q4_k_m"
const modelPath = modelFile(model, `${model}.gguf`)
const cli = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url))
const rounds = 4
const passage =
  "The coffee machine has a water tank of 1.8 litres. Descale it every two months with the powder in the box. The lamp blinks red when the tank is empty. "
const turns = [`${passage.repeat(6)}Write a long guide to using this machine.`, "Now write the same guide for a child."]

interface Turn {
  firstTokenMs: number
  generateMs: number
  tokens: number
}

if (!existsSync(modelPath) || !existsSync(cli)) {
  console.log("http: not run (the build or the Qwen2.5-Coder 1.5B weights are missing)")
  process.exit(0)
}
const dataDir = mkdtempSync(join(tmpdir(), "zenglow-bench-"))
const bootedAt = performance.now()
const core = spawn(process.execPath, [cli, "serve", "--port", "0", "--json", "--data-dir", dataDir], {
  stdio: ["ignore", "pipe", "ignore"],
})
const [line] = (await once(createInterface({ input: core.stdout }), "line")) as [string]
const readyMs = performance.now() - bootedAt
const { baseUrl } = JSON.parse(line) as { baseUrl: string }
const headers = {
  authorization: `Bearer ${readFileSync(join(dataDir, "api-key"), "utf8").trim()}`,
  "content-type": "application/json",
}
const frame = async (): Promise<{ eventLoopDelayP99Ms: number; processes: { name: string; rssBytes: number }[] }> =>
  (await (await fetch(`${baseUrl}/metrics/json`, { headers })).json()) as never

async function runHttp(round: number): Promise<Turn[]> {
  const messages = [{ role: "system", content: `Round ${round}. You are helpful.` }]
  const results: Turn[] = []
  for (const turn of turns) {
    messages.push({ role: "user", content: turn })
    const startedAt = performance.now()
    const response = await fetch(`${baseUrl}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify({
        model,
        messages,
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: 64,
        temperature: 0,
      }),
    })
    let firstAt = 0
    let text = ""
    let tokens = 0
    let buffer = ""
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      buffer += decoder.decode(chunk, { stream: true })
      const lines = buffer.split("\n")
      buffer = lines.pop() ?? ""
      for (const data of lines.filter((each) => each.startsWith("data: {")).map((each) => JSON.parse(each.slice(6)))) {
        const piece: unknown = data.choices?.[0]?.delta?.content
        if (typeof piece === "string" && piece !== "") {
          if (firstAt === 0) firstAt = performance.now()
          text += piece
        }
        if (data.usage) tokens = data.usage.completion_tokens
      }
    }
    results.push({ firstTokenMs: firstAt - startedAt, generateMs: performance.now() - firstAt, tokens })
    messages.push({ role: "assistant", content: text })
  }
  return results
}

const idle = await frame()
const direct = fork(fileURLToPath(new URL("./llmDirect.ts", import.meta.url)), [
  modelPath,
  String(defaultThreads()),
  "4096",
])
await once(direct, "message")
const runDirect = async (): Promise<Turn[]> => {
  direct.send(turns)
  return ((await once(direct, "message")) as [Turn[]])[0]
}
await runHttp(-1)
await runDirect()
const ours: Turn[][] = []
const theirs: Turn[][] = []
for (let round = 0; round < rounds; round++) {
  ours.push(await runHttp(round))
  theirs.push(await runDirect())
}
direct.kill()

// Load: generation, an ingest and a metrics stream at once.
const text = Array.from({ length: 400 }, (_, index) => `# Part ${index}\n\n${passage.repeat(4)}`).join("\n\n")
const ingesting = fetch(`${baseUrl}/rag/ingest`, {
  method: "POST",
  headers,
  body: JSON.stringify({ text, title: "Load" }),
})
await Promise.all([ingesting, runHttp(rounds)])
const busy = await frame()
core.kill("SIGTERM")
await once(core, "exit")
rmSync(dataDir, { recursive: true, force: true })

const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b)
const median = (values: number[]): number => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN
const rate = (runs: Turn[][]): number[] =>
  runs.flat().map(({ tokens, generateMs }) => ((tokens - 1) / generateMs) * 1000)
const first = (runs: Turn[][], turn: number): number[] => runs.map((run) => run[turn]!.firstTokenMs)
const print = (name: string, a: number[], b: number[], unit: string): void =>
  console.log(
    `${name.padEnd(22)} http ${median(a).toFixed(1)} · direct ${median(b).toFixed(1)} ${unit} · ratio ${(median(a) / median(b)).toFixed(3)}`,
  )
console.log(
  `http: Qwen2.5-Coder 1.5B Q4_K_M, ${defaultThreads()} threads, ${rounds} rounds of 2 turns, 64 tokens each, temperature 0`,
)
print("generation", rate(ours), rate(theirs), "tokens/s")
print("first token, turn 1", first(ours, 0), first(theirs, 0), "ms")
print("first token, turn 2", first(ours, 1), first(theirs, 1), "ms")
const rss = (idle.processes.find(({ name }) => name === "core")?.rssBytes ?? 0) / 1e6
console.log(`core                   ready ${Math.round(readyMs)} ms · idle ${rss.toFixed(0)} MB`)
console.log(`event loop p99         ${busy.eventLoopDelayP99Ms.toFixed(1)} ms while generating and ingesting`)
