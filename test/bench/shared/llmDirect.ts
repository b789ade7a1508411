/** The peer of the benches of generation: node-llama-cpp driven directly, as a plain program would, in a process of its own. */
import { getLlama, LlamaChatSession } from "node-llama-cpp"
import type { Turn } from "./chatTurns.ts"

interface Conversation {
  systemPrompt: string
  questions: string[]
  answerTokens: number
}

const [modelPath, threads, contextSize] = process.argv.slice(2)
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: Number(threads) })
const model = await llama.loadModel({ modelPath: modelPath! })
const context = await model.createContext({ contextSize: Number(contextSize), threads: Number(threads) })
const sequence = context.getSequence()

process.on("message", async ({ systemPrompt, questions, answerTokens }: Conversation) => {
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt, autoDisposeSequence: false })
  await sequence.clearHistory()
  const results: Turn[] = []
  for (const question of questions) {
    const startedAt = performance.now()
    let firstAt = 0
    let tokens = 0
    await session.prompt(question, {
      temperature: 0,
      maxTokens: answerTokens,
      repeatPenalty: false,
      onToken: (chunk) => {
        if (tokens === 0) firstAt = performance.now()
        tokens += chunk.length
      },
    })
    results.push({ firstTokenMs: firstAt - startedAt, generateMs: performance.now() - firstAt, tokens })
  }
  session.dispose()
  process.send?.(results)
})
process.send?.("ready")
