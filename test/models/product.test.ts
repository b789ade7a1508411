import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { open, readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { generateText, streamText } from "ai"
import OpenAI, { toFile } from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { writeWav } from "#audio/wavFile.ts"
import { createClient } from "#cli/client.ts"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { modelsDir } from "./modelFiles.ts"
import { wordErrors } from "./wordErrors.ts"

/** The whole product on its default models, from outside: its command line, its HTTP API, and the clients other people use. */

const chatModel = "qwen2.5-coder-1.5b-instruct-q4_k_m"
const needed = [chatModel, "all-minilm-l6-v2", "silero-vad-v6", "moonshine-tiny-en", "hibari-heart"]
const absent = needed.filter((id) => !existsSync(join(modelsDir, id)))
if (absent.length > 0) process.stderr.write(`not run: the product on real models, which lack ${absent.join(", ")}\n`)

const speech = (name: string): string => fileURLToPath(new URL(`../fixtures/speech/${name}`, import.meta.url))
const { signal } = new AbortController()
const scratch = mkdtempSync(join(tmpdir(), "zenglow-product-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.skipIf(absent.length > 0)("the product on its default models", () => {
  let cli: CommandLine
  let served: Awaited<ReturnType<CommandLine["serve"]>>
  let openai: OpenAI
  beforeAll(async () => {
    cli = createCommandLine({ ZENGLOW_MODELS_DIR: modelsDir })
    served = await cli.serve()
    openai = new OpenAI({ baseURL: `${served.baseUrl}/v1`, apiKey: served.key, maxRetries: 0, timeout: 280_000 })
  })
  afterAll(() => cli.close())

  const json = async (args: string[]) => {
    const { code, stdout, stderr } = await cli.run([...args, "--json"])
    expect(stdout, stderr).not.toBe("")
    return { code, result: JSON.parse(stdout) as Record<string, never> & { [name: string]: unknown } }
  }
  const startTurn = async (text: string, conversationId?: string) => {
    const client = createClient(served.baseUrl, served.key)
    const { turnId } = await client.api("POST /api/turns", { body: { kind: "text", text, conversationId } }, signal)
    return { client, turnId, events: client.stream(`/api/turns/${turnId}/events`, signal) as AsyncIterable<TurnEvent> }
  }

  it("answers a question from the documents in its own words, with the passage that says so", async () => {
    const { code, result } = await json(["ask", "How often should the filter be changed?"])
    expect(code).toBe(0)
    expect(result).toMatchObject({ found: true, model: chatModel })
    expect(result.answer).toMatch(/4 weeks|four weeks/)
    expect(result.citations).toContainEqual(expect.objectContaining({ path: "water-filter-jug.md" }))
  })

  it.each([
    ["water-filter.opus", "How often should the water filter be changed?", /4 weeks|four weeks/],
    ["main-valve.opus", "Where is the main water valve in the house?", /washing machine/],
  ])("hears %s, answers it, and speaks the answer", async (file, question, expected) => {
    const out = join(scratch, `${file}.wav`)
    const { code, result } = await json(["talk", speech(file), "--out", out])
    expect(code).toBe(0)
    expect(wordErrors(question, String(result.transcript)).errors).toBeLessThanOrEqual(2)
    expect(result.answer).toMatch(expected)
    expect(result.spoken).toMatch(expected)
    const heard = await json(["transcribe", out])
    const spelled = wordErrors(String(result.spoken), String(heard.result.transcript))
    // Figures are heard as words: "150" as "one hundred fifty".
    expect(spelled.errors / spelled.words).toBeLessThan(0.3)
  })

  it("says a text that it understands again", async () => {
    const text = "The spare key hangs behind the boiler in the cellar."
    const out = join(scratch, "say.wav")
    expect((await json(["say", text, "--out", out])).code).toBe(0)
    const { result } = await json(["transcribe", out])
    expect(wordErrors(text, String(result.transcript)).errors).toBeLessThanOrEqual(1)
  })

  it.each([
    ["silence", () => new Float32Array(32_000)],
    ["noise", () => Float32Array.from({ length: 32_000 }, (_, index) => 0.05 * Math.sin(index * index * 12.9898))],
    ["a click of 50 ms", () => new Float32Array(800).fill(0.5)],
  ])("hears no sentence in %s", async (name, samples) => {
    const file = join(scratch, `${name}.wav`)
    writeFileSync(file, writeWav(samples(), 16_000))
    const { code, result } = await json(["talk", file, "--out", join(scratch, "never.wav")])
    expect(code).toBe(1)
    expect(result).toMatchObject({ error: { code: "stt.no-speech" } })
    expect(existsSync(join(scratch, "never.wav"))).toBe(false)
    expect(await json(["transcribe", file])).toMatchObject({ result: { transcript: "" } })
  })

  it("keeps what was written when the engine dies mid-answer, says why, and answers the next question", async () => {
    const first = await startTurn("Write a long story about a lighthouse keeper.")
    let turn: TurnState = emptyTurn(first.turnId)
    let isKilled = false
    for await (const event of first.events) {
      turn = foldTurn(turn, event)
      if (turn.text.length > 20 && !isKilled) {
        isKilled = true
        const { processes } = await first.client.api("GET /metrics/json", {}, signal)
        const host = processes.find(({ name }) => name === "llm")
        expect(host).toBeDefined()
        process.kill(host?.pid ?? 0, "SIGKILL")
      }
    }
    expect(turn).toMatchObject({ endReason: "error", error: { code: "engine.crashed" } })
    const conversationId = turn.conversationId ?? ""
    const { items } = await first.client.api(
      "GET /api/conversations/:id/messages",
      { params: { id: conversationId } },
      signal,
    )
    expect(items.at(-1)).toMatchObject({ role: "assistant", text: turn.text, error: { code: "engine.crashed" } })
    const next = await startTurn("Thank you!", conversationId)
    let answered = emptyTurn(next.turnId)
    for await (const event of next.events) answered = foldTurn(answered, event)
    expect(answered).toMatchObject({ endReason: "complete", error: null })
    expect(answered.text.length).toBeGreaterThan(0)
  })

  it("serves the openai client: models, chat, tools, schema, embeddings, transcription, speech", async () => {
    const ids = []
    for await (const model of openai.models.list()) ids.push(model.id)
    expect(ids).toEqual(expect.arrayContaining([chatModel, "all-minilm-l6-v2"]))

    const messages = [{ role: "user" as const, content: "Reply with the single word: ready" }]
    const chat = await openai.chat.completions.create({ model: chatModel, messages, max_tokens: 8, temperature: 0 })
    expect(chat.choices[0]?.message.content?.toLowerCase()).toContain("ready")
    expect(chat.usage?.completion_tokens).toBeGreaterThan(0)
    let streamed = ""
    const stream = await openai.chat.completions.create({
      model: chatModel,
      messages,
      max_tokens: 8,
      temperature: 0,
      stream: true,
    })
    for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? ""
    expect(streamed).toBe(chat.choices[0]?.message.content)

    const called = await openai.chat.completions.create({
      model: chatModel,
      messages: [{ role: "user", content: "What is the weather in Oslo?" }],
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "Weather of a city",
            parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
          },
        },
      ],
      tool_choice: "required",
      max_tokens: 60,
    })
    expect(called.choices[0]?.finish_reason).toBe("tool_calls")
    const call = called.choices[0]?.message.tool_calls?.[0]
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toMatchObject({ city: expect.any(String) })

    const structured = await openai.chat.completions.create({
      model: chatModel,
      messages: [{ role: "user", content: "A red apple costs 2 euros." }],
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "offer",
          strict: true,
          schema: {
            type: "object",
            properties: { fruit: { type: "string" }, euros: { type: "number" } },
            required: ["fruit", "euros"],
            additionalProperties: false,
          },
        },
      },
      max_tokens: 60,
    })
    expect(JSON.parse(structured.choices[0]?.message.content ?? "")).toEqual({
      fruit: expect.any(String),
      euros: expect.any(Number),
    })

    const input = ["a cat", "a kitten", "tax law"]
    const float = await openai.embeddings.create({ model: "all-minilm-l6-v2", input, encoding_format: "float" })
    // The client asks for base64 by default and decodes it.
    const base64 = await openai.embeddings.create({ model: "all-minilm-l6-v2", input })
    expect(base64.data.map(({ embedding }) => embedding.length)).toEqual([384, 384, 384])
    for (const [index, { embedding }] of float.data.entries())
      for (const [at, value] of embedding.entries()) expect(base64.data[index]?.embedding[at]).toBeCloseTo(value, 5)
    const [cat = [], kitten = [], law = []] = float.data.map(({ embedding }) => embedding)
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
    expect(dot(cat, kitten)).toBeGreaterThan(dot(cat, law) + 0.3)

    const heard = await openai.audio.transcriptions.create({
      model: "whisper-1",
      file: await toFile(await readFile(speech("warranty.opus")), "warranty.opus"),
    })
    expect(wordErrors("How long is the warranty on the dishwasher?", heard.text).errors).toBeLessThanOrEqual(1)
    const said = await openai.audio.speech.create({ model: "tts-1", voice: "alloy", input: "The lamp is in the hall." })
    expect(said.headers.get("content-type")).toContain("audio/mpeg")
    const file = join(scratch, "lamp.mp3")
    writeFileSync(file, new Uint8Array(await said.arrayBuffer()))
    const { result } = await json(["transcribe", file])
    expect(wordErrors("The lamp is in the hall.", String(result.transcript)).errors).toBeLessThanOrEqual(1)
  })

  it("serves the AI SDK through its OpenAI-compatible provider", async () => {
    const provider = createOpenAICompatible({ name: "zenglow", baseURL: `${served.baseUrl}/v1`, apiKey: served.key })
    const model = provider(chatModel)
    const prompt = "Reply with the single word: ready"
    const { text, finishReason } = await generateText({ model, prompt, maxOutputTokens: 8, temperature: 0 })
    expect(text.toLowerCase()).toContain("ready")
    expect(["stop", "length"]).toContain(finishReason)
    let streamed = ""
    for await (const piece of streamText({ model, prompt, maxOutputTokens: 8, temperature: 0 }).textStream)
      streamed += piece
    expect(streamed).toBe(text)
    const fromDocuments = await generateText({
      model: provider("rag/Sample household"),
      prompt: "How often should the filter be changed?",
    })
    expect(fromDocuments.text).toMatch(/4 weeks|four weeks/)
  })
})

describe.skipIf(absent.length > 0)("damaged model files", () => {
  const place = (id: string, folder: string): string => {
    const target = join(folder, id)
    cpSync(join(modelsDir, id), target, { recursive: true, filter: (path) => !path.endsWith(".verified.json") })
    return target
  }
  const flip = async (file: string, at: number): Promise<void> => {
    const handle = await open(file, "r+")
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ 0x10
    await handle.write(byte, 0, 1, at)
    await handle.close()
  }

  it("are refused with a remedy, and the product goes on without them", async () => {
    const folder = join(scratch, "damaged")
    mkdirSync(join(folder, chatModel), { recursive: true })
    const gguf = `${chatModel}.gguf`
    // Cut short: only the header is copied.
    const source = await open(join(modelsDir, chatModel, gguf), "r")
    const head = Buffer.alloc(1_000_000)
    await source.read(head, 0, head.length, 0)
    await source.close()
    writeFileSync(join(folder, chatModel, gguf), head)
    await flip(join(place("all-minilm-l6-v2", folder), "all-minilm-l6-v2.onnx"), 40_000_000)
    await flip(join(place("silero-vad-v6", folder), "silero_vad_v6.onnx"), 1_000_000)
    place("moonshine-tiny-en", folder)

    const cli = createCommandLine({ ZENGLOW_MODELS_DIR: folder })
    try {
      const asked = await cli.run(["ask", "How often should the filter be changed?", "--json"])
      expect(asked.code, asked.stderr).toBe(0)
      expect(JSON.parse(asked.stdout)).toMatchObject({ found: true, model: null })
      expect(JSON.parse(asked.stdout).answer).toContain("every 4 weeks")

      const verified = await cli.run(["models", "verify", "--json"])
      expect(verified.code).toBe(1)
      const { results } = JSON.parse(verified.stdout) as { results: { id: string; ok: boolean }[] }
      expect(
        results
          .filter(({ ok }) => !ok)
          .map(({ id }) => id)
          .sort(),
      ).toEqual(["all-minilm-l6-v2", chatModel, "silero-vad-v6"].sort())
      const talked = await cli.run(["talk", speech("main-valve.opus"), "--out", join(scratch, "no.wav"), "--json"])
      expect(talked.code).toBe(1)
      expect(JSON.parse(talked.stdout).error).toMatchObject({
        code: expect.stringMatching(/^model\./),
        remedy: expect.any(String),
      })
    } finally {
      await cli.close()
    }
  })
})
