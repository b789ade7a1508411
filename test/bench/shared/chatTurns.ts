/** What the benches of generation share: the two turns they ask for, the peers they ask, and how two sides of one run are compared. */
import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { createServer } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"

export const passage =
  "The coffee machine has a water tank of 1.8 litres. Descale it every two months with the powder in the box. The lamp blinks red when the tank is empty. "
export const questions = [
  `${passage.repeat(6)}Write a long guide to using this machine.`,
  "Now write the same guide for a child.",
]
export const answerTokens = 64
export const contextTokens = 4096

export interface Turn {
  firstTokenMs: number
  /** From the first token to the end of the answer. */
  generateMs: number
  tokens: number
}

/** One side of a comparison: both turns of one conversation. A word that differs per round keeps the first turn from being cached. */
export type Side = (round: number) => Promise<Turn[]>

export const systemPrompt = (round: number): string => `Round ${round}. You are helpful.`

/** An OpenAI-compatible server. */
export function overHttp(baseUrl: string, headers: Record<string, string>, model: string): Side {
  return async (round) => {
    const messages = [{ role: "system", content: systemPrompt(round) }]
    const results: Turn[] = []
    for (const question of questions) {
      messages.push({ role: "user", content: question })
      const startedAt = performance.now()
      const response = await fetch(`${baseUrl}/v1/chat/completions`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({
          model,
          messages,
          stream: true,
          stream_options: { include_usage: true },
          max_tokens: answerTokens,
          temperature: 0,
        }),
      })
      if (!response.ok || !response.body) throw new Error(`The server answered ${response.status}.`)
      let firstAt = 0
      let text = ""
      let tokens = 0
      let buffer = ""
      const decoder = new TextDecoder()
      for await (const chunk of response.body) {
        buffer += decoder.decode(chunk, { stream: true })
        const lines = buffer.split("\n")
        buffer = lines.pop() ?? ""
        for (const data of lines
          .filter((each) => each.startsWith("data: {"))
          .map((each) => JSON.parse(each.slice(6)))) {
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
}

/** node-llama-cpp driven directly, as a plain program would, in a process of its own. */
export async function startDirect(modelPath: string, threads: number): Promise<{ run: Side; stop(): void }> {
  const entry = fileURLToPath(new URL("./llmDirect.ts", import.meta.url))
  const child = fork(entry, [modelPath, String(threads), String(contextTokens)])
  await once(child, "message")
  return {
    async run(round) {
      child.send({ systemPrompt: systemPrompt(round), questions, answerTokens })
      return ((await once(child, "message")) as [Turn[]])[0]
    },
    stop: () => void child.kill(),
  }
}

/** llama.cpp's own server, built by whoever runs the bench. */
export async function startLlamaServer(
  program: string,
  modelPath: string,
  threads: number,
): Promise<{ run: Side; stop(): void }> {
  const port = await freePort()
  const settings = { "--model": modelPath, "--threads": threads, "--ctx-size": contextTokens, "--parallel": 1 }
  const args = Object.entries({ ...settings, "--host": "127.0.0.1", "--port": port }).flatMap(([name, value]) => [
    name,
    String(value),
  ])
  const child = spawn(program, args, { stdio: "ignore" })
  const baseUrl = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`llama-server ended with code ${child.exitCode}.`)
    const health = await fetch(`${baseUrl}/health`).catch(() => null)
    if (health?.ok) break
    await delay(200)
  }
  return { run: overHttp(baseUrl, {}, "peer"), stop: () => void child.kill() }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Runs the sides in turn, A B A B, after one round that is not counted. Says on stderr how each round went. */
export async function interleave<Name extends string>(
  sides: Record<Name, Side>,
  rounds: number,
): Promise<Record<Name, Turn[][]>> {
  const entries = Object.entries<Side>(sides).map(([name, run]) => ({ name, run, results: [] as Turn[][] }))
  for (let round = -1; round < rounds; round++) {
    const figures: string[] = []
    for (const { name, run, results } of entries) {
      const turns = await run(round)
      if (round >= 0) results.push(turns)
      figures.push(
        `${name} ${turns.map(rate).map(fixed).join(", ")} tokens/s after ${turns.map((turn) => fixed(turn.firstTokenMs)).join(", ")} ms`,
      )
    }
    process.stderr.write(`${round < 0 ? "warm-up" : `round ${round + 1} of ${rounds}`}: ${figures.join(" · ")}\n`)
  }
  return Object.fromEntries(entries.map(({ name, results }) => [name, results])) as Record<Name, Turn[][]>
}

const rate = ({ tokens, generateMs }: Turn): number => ((tokens - 1) / generateMs) * 1000
const fixed = (value: number): string => value.toFixed(1)

/**
 * One line per figure. The ratio is the median over the turns' own ratios, each against the other side's turn of the same round: what
 * slows the machine for a while slows both.
 */
export function printRatios(a: { name: string; runs: Turn[][] }, b: { name: string; runs: Turn[][] }): void {
  const line = (label: string, unit: string, turns: readonly number[], figure: (turn: Turn) => number): void => {
    const values = (runs: Turn[][]): number[] => runs.flatMap((run) => turns.map((turn) => figure(run[turn] as Turn)))
    const [own, other] = [values(a.runs), values(b.runs)]
    const ratio = median(own.map((value, index) => value / (other[index] as number)))
    const side = (name: string, figures: number[]) =>
      `${name} ${median(figures).toFixed(1)} (p95 ${p95(figures).toFixed(1)})`
    console.log(`${label.padEnd(20)} ${side(a.name, own)} · ${side(b.name, other)} ${unit} · ratio ${ratio.toFixed(3)}`)
  }
  line("generation", "tokens/s", [0, 1], rate)
  line("first token, turn 1", "ms", [0], (turn) => turn.firstTokenMs)
  line("first token, turn 2", "ms", [1], (turn) => turn.firstTokenMs)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

export function p95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN
}
