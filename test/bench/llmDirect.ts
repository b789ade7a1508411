/** The peer of `npm run bench -- llm`: node-llama-cpp driven directly, as a plain program would, in a process of its own. */
import { getLlama, LlamaChatSession } from "node-llama-cpp"

const [modelPath, threads, contextSize] = process.argv.slice(2)
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: Number(threads) })
const model = await llama.loadModel({ modelPath: modelPath! })
const context = await model.createContext({ contextSize: Number(contextSize), threads: Number(threads) })
const session = new LlamaChatSession({ contextSequence: context.getSequence(), systemPrompt: "You are helpful." })

process.on("message", async (turns: string[]) => {
  session.resetChatHistory()
  await session.sequence.clearHistory()
  const results: { firstTokenMs: number; generateMs: number; tokens: number }[] = []
  for (const turn of turns) {
    const startedAt = performance.now()
    let firstAt = 0
    let tokens = 0
    await session.prompt(turn, {
      temperature: 0,
      maxTokens: 64,
      repeatPenalty: false,
      onToken: (chunk) => {
        if (tokens === 0) firstAt = performance.now()
        tokens += chunk.length
      },
    })
    results.push({ firstTokenMs: firstAt - startedAt, generateMs: performance.now() - firstAt, tokens })
  }
  process.send?.(results)
})
process.send?.("ready")
