import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai"
import { embedMany, generateObject, generateText, streamText, tool } from "ai"
import OpenAI, { toFile } from "openai"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import type { GenerateEvent } from "#contract/generation.ts"
import { AppError } from "#core/errors.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { answer, endEvent } from "../fakes/fakeServerLlm.ts"

let fake: FakeServer
let server: CoreServer
let baseURL: string
let openai: OpenAI

beforeAll(async () => {
  fake = createFakeServer()
  server = createServer(fake.deps)
  baseURL = `${(await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).baseUrl}/v1`
  openai = new OpenAI({ baseURL, apiKey: testKey, maxRetries: 0 })
})
afterEach(() => {
  fake.llm.script = null
  fake.llm.requests.length = 0
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const weatherCall = answer(
  { type: "tool-call", index: 0, id: "call_1", name: "weather", argumentsDelta: "" },
  { type: "tool-call", index: 0, id: "call_1", name: "weather", argumentsDelta: '{"city":' },
  { type: "tool-call", index: 0, id: "call_1", name: "weather", argumentsDelta: '"Oslo"}' },
  endEvent("tool-calls", 9),
)
const weatherTool = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
}

describe("the openai client", () => {
  it("lists models and the collections as models", async () => {
    const ids = []
    for await (const model of openai.models.list()) ids.push(model.id)
    expect(ids).toEqual(["fake-chat", "fake-embedder", "fake-stt", "fake-tts", "rag/manuals"])
    expect((await openai.models.retrieve("rag/manuals")).id).toBe("rag/manuals")
    await expect(openai.models.retrieve("nothing")).rejects.toMatchObject({ status: 404, code: "model_not_found" })
  })

  it("lists the model of an added server by the server's name, unless that server is off", async () => {
    const server = {
      kind: "openai" as const,
      baseUrl: "http://127.0.0.1:9",
      contextTokens: null,
      allowsPrivate: false,
      allowsDocuments: false,
    }
    await fake.deps.backends.add({ ...server, name: "study", model: "big", isEnabled: true }, null)
    await fake.deps.backends.add({ ...server, name: "attic", model: "old", isEnabled: false }, null)
    const ids = []
    for await (const model of openai.models.list()) ids.push(model.id)
    await fake.deps.backends.remove("study")
    await fake.deps.backends.remove("attic")
    expect(ids).toContain("study/big")
    expect(ids).not.toContain("attic/old")
  })

  it("chats, whole, with usage", async () => {
    const completion = await openai.chat.completions.create({
      model: "fake-chat",
      messages: [
        { role: "developer", content: "Be short." },
        { role: "user", content: [{ type: "text", text: "Hello there" }] },
      ],
      temperature: 0,
      seed: 3,
      stop: ["END"],
      max_tokens: 5,
      max_completion_tokens: 7,
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
    })
    expect(completion.object).toBe("chat.completion")
    expect(completion.choices[0]?.message).toMatchObject({ role: "assistant", content: "Hello there" })
    expect(completion.choices[0]?.finish_reason).toBe("stop")
    expect(completion.usage).toEqual({
      prompt_tokens: 10,
      completion_tokens: 2,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 3 },
    })
    expect(fake.llm.requests[0]).toMatchObject({
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "Hello there" },
      ],
      temperature: 0,
      seed: 3,
      stop: ["END"],
      maxTokens: 7,
      presencePenalty: 0.5,
      frequencyPenalty: -0.5,
    })
  })

  it("chats, streamed, with usage on request", async () => {
    const stream = await openai.chat.completions.create({
      model: "fake-chat",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: "one two three" }],
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("one two three")
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant")
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 13 } })
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop")
    expect(new Set(chunks.map((chunk) => `${chunk.id} ${chunk.created} ${chunk.model}`)).size).toBe(1)
  })

  it("gets tool calls whole and streamed, and hands results back", async () => {
    fake.llm.script = weatherCall
    const whole = await openai.chat.completions.create({
      model: "fake-chat",
      messages: [{ role: "user", content: "Weather?" }],
      tools: [weatherTool],
      tool_choice: { type: "function", function: { name: "weather" } },
    })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
      },
    })
    expect(fake.llm.requests[0]).toMatchObject({ toolChoice: { name: "weather" }, tools: [{ name: "weather" }] })

    const runner = openai.chat.completions.stream({
      model: "fake-chat",
      messages: [{ role: "user", content: "Weather?" }],
      tools: [weatherTool],
    })
    const final = await runner.finalChatCompletion()
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      id: "call_1",
      function: { name: "weather", arguments: '{"city":"Oslo"}' },
    })

    fake.llm.script = null
    await openai.chat.completions.create({
      model: "fake-chat",
      messages: [
        { role: "user", content: "Weather?" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "Rain." },
      ],
    })
    expect(fake.llm.requests.at(-1)?.messages).toEqual([
      { role: "user", content: "Weather?" },
      { role: "assistant", content: "", toolCalls: [{ id: "call_1", name: "weather", arguments: "{}" }] },
      { role: "tool", content: "Rain.", toolCallId: "call_1" },
    ])
  })

  it("gets JSON by schema, logprobs, several choices and reasoning apart", async () => {
    const token = (text: string) => ({ token: text, logprob: -0.1, bytes: [...Buffer.from(text)] })
    fake.llm.script = answer(
      { type: "reasoning", text: "Thinking." },
      { type: "text", text: '{"a":1}', logprobs: [{ ...token('{"a":1}'), top: [token("x")] }] },
      endEvent("length", 4),
    )
    const completion = await openai.chat.completions.create({
      model: "fake-chat",
      messages: [{ role: "user", content: "JSON" }],
      response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
      logprobs: true,
      top_logprobs: 1,
      n: 2,
      seed: 40,
    })
    expect(completion.choices.map((choice) => choice.index)).toEqual([0, 1])
    const [choice] = completion.choices
    expect(choice?.finish_reason).toBe("length")
    expect(choice?.message).toMatchObject({ content: '{"a":1}', reasoning_content: "Thinking." })
    expect(choice?.logprobs?.content?.[0]).toMatchObject({
      token: '{"a":1}',
      logprob: -0.1,
      top_logprobs: [{ token: "x" }],
    })
    expect(completion.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 8 })
    expect(fake.llm.requests.map((request) => request.seed)).toEqual([40, 41])
    expect(fake.llm.requests[0]).toMatchObject({
      responseFormat: { type: "json_schema", schema: { type: "object" } },
      topLogprobs: 1,
    })
  })

  it("completes text", async () => {
    const completion = await openai.completions.create({ model: "fake-chat", prompt: ["one", "two three"], echo: true })
    expect(completion.choices.map((choice) => choice.text)).toEqual(["oneone", "two threetwo three"])
    expect(completion.usage?.total_tokens).toBe(23)
    const stream = await openai.completions.create({ model: "fake-chat", prompt: "a b", stream: true })
    let text = ""
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ""
    expect(text).toBe("a b")
  })

  it("embeds as floats, as base64 (its own default), cut to fewer dimensions, and from token ids", async () => {
    const byDefault = await openai.embeddings.create({ model: "fake-embedder", input: ["hello world", "second"] })
    const floats = await openai.embeddings.create({
      model: "fake-embedder",
      input: ["hello world", "second"],
      encoding_format: "float",
    })
    expect(byDefault.data.map((item) => item.index)).toEqual([0, 1])
    for (const [index, item] of byDefault.data.entries())
      for (const [place, value] of item.embedding.entries())
        expect(value).toBeCloseTo(floats.data[index]?.embedding[place] ?? 9, 6)
    expect(floats.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
    const cut = await openai.embeddings.create({ model: "fake-embedder", input: "hello world", dimensions: 2 })
    expect(cut.data[0]?.embedding).toHaveLength(2)
    expect(Math.hypot(...(cut.data[0]?.embedding ?? []))).toBeCloseTo(1, 6)
    // "hello world" in cl100k.
    const ids = await openai.embeddings.create({ model: "fake-embedder", input: [15339, 1917] })
    expect(ids.data[0]?.embedding[3]).toBeCloseTo(floats.data[0]?.embedding[3] ?? 9, 6)
    await expect(
      openai.embeddings.create({ model: "fake-embedder", input: "x", dimensions: 99 }),
    ).rejects.toMatchObject({ status: 400, param: "dimensions" })
    await expect(openai.embeddings.create({ model: "fake-embedder", input: [] })).rejects.toMatchObject({
      status: 400,
      param: "input",
    })
  })

  it("transcribes in every format", async () => {
    const file = () => toFile(Buffer.from("RIFF fake"), "question.wav")
    const plain = await openai.audio.transcriptions.create({ file: await file(), model: "whisper-1" })
    expect(plain.text).toBe("Hello there. How are you?")
    const text = await openai.audio.transcriptions.create({
      file: await file(),
      model: "fake-stt",
      response_format: "text",
    })
    expect(text).toBe("Hello there. How are you?\n")
    const srt = await openai.audio.transcriptions.create({
      file: await file(),
      model: "fake-stt",
      response_format: "srt",
    })
    expect(srt).toBe(
      "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n00:00:01,500 --> 00:00:03,250\nHow are you?\n",
    )
    const vtt = await openai.audio.transcriptions.create({
      file: await file(),
      model: "fake-stt",
      response_format: "vtt",
    })
    expect(vtt).toMatch(/^WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n/)
    const verbose = await openai.audio.transcriptions.create({
      file: await file(),
      model: "fake-stt",
      language: "en",
      response_format: "verbose_json",
      timestamp_granularities: ["segment"],
    })
    expect(verbose).toMatchObject({ task: "transcribe", duration: 3.25, segments: [{ id: 0, end: 1.5 }, { id: 1 }] })
    const stream = await openai.audio.transcriptions.create({ file: await file(), model: "fake-stt", stream: true })
    const events = []
    for await (const event of stream) events.push(event.type)
    expect(events).toEqual(["transcript.text.delta", "transcript.text.delta", "transcript.text.done"])
    await expect(
      openai.audio.transcriptions.create({ file: await toFile(Buffer.from("x"), "a.wav"), model: "whisper-1" }),
    ).rejects.toMatchObject({ status: 415, param: "file" })
    const timed = await openai.audio.transcriptions.create({
      file: await file(),
      model: "whisper-1",
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    })
    expect(timed.words).toEqual([
      { word: "How", start: 1.5, end: 2 },
      { word: "are", start: 2, end: 2.5 },
      { word: "you?", start: 2.5, end: 3.25 },
    ])
    expect(timed.segments?.[0]).toMatchObject({ avg_logprob: -0.2, no_speech_prob: 0.01, compression_ratio: 0.6 })
    await expect(
      openai.audio.transcriptions.create({
        file: await file(),
        model: "whisper-1",
        timestamp_granularities: ["word"],
      }),
    ).rejects.toMatchObject({ status: 400, param: "timestamp_granularities" })
    await expect(
      openai.audio.transcriptions.create({
        file: await toFile(Buffer.from("x"), "a.wav"),
        model: "whisper-1",
        stream: true,
      }),
    ).rejects.toMatchObject({ status: 415 })
  })

  it("translates, with the names it is told, and says when the named model cannot", async () => {
    const file = () => toFile(Buffer.from("RIFF fake"), "frage.wav")
    const plain = await openai.audio.translations.create({ file: await file(), model: "whisper-1", prompt: "Ottilie" })
    expect(plain.text).toBe("Hello there, Ottilie.")
    const verbose = await openai.audio.translations.create({
      file: await file(),
      model: "whisper-1",
      response_format: "verbose_json",
    })
    expect(verbose).toMatchObject({ task: "translate", duration: 3.25 })
    await expect(openai.audio.translations.create({ file: await file(), model: "fake-stt" })).rejects.toMatchObject({
      status: 400,
    })
  })

  it("speaks: mp3 by default, other formats, stock voices mapped to local ones", async () => {
    const speak = async (options: Partial<OpenAI.Audio.SpeechCreateParams>) => {
      const response = await openai.audio.speech.create({ model: "tts-1", voice: "amy", input: "Hi", ...options })
      return { type: response.headers.get("content-type"), text: await response.text() }
    }
    expect(await speak({})).toEqual({ type: "audio/mpeg", text: "mp3:amy:Hi" })
    for (const format of ["wav", "opus", "flac", "pcm"] as const)
      expect((await speak({ response_format: format })).text).toBe(`${format}:amy:Hi`)
    expect((await speak({ voice: "alloy" })).text).toBe("mp3:amy:Hi")
    expect((await speak({ voice: "ash" })).text).toBe("mp3:ben:Hi")
    await expect(speak({ voice: "nobody" })).rejects.toMatchObject({ status: 400, param: "voice" })
    await expect(speak({ response_format: "aac" })).rejects.toMatchObject({ status: 400, param: "response_format" })
    await expect(speak({ input: " " })).rejects.toMatchObject({ status: 400, param: "input" })
  })

  it("answers from documents as rag/<collection>, with citations and sources", async () => {
    const completion = await openai.chat.completions.create({
      model: "rag/manuals",
      messages: [{ role: "user", content: "How often?" }],
    })
    const message = completion.choices[0]?.message
    expect(message?.content).toBe("Change the filter every month [1].\n\nSources:\n[1] Manual (manual.md)")
    expect(message).toMatchObject({ citations: [{ n: 1, document_id: "d1", text: "Change the filter every month." }] })
    expect(completion.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 7 })
    await expect(
      openai.chat.completions.create({ model: "rag/none", messages: [{ role: "user", content: "?" }] }),
    ).rejects.toMatchObject({ status: 404, code: "model_not_found" })
    await expect(
      openai.chat.completions.create({ model: "rag/manuals", n: 2, messages: [{ role: "user", content: "?" }] }),
    ).rejects.toMatchObject({ status: 400, param: "n" })
  })

  it("gets exceptions of the right class, with param and code", async () => {
    const wrongKey = new OpenAI({ baseURL, apiKey: "wrong", maxRetries: 0 })
    await expect(wrongKey.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    const chat = (extra: Record<string, unknown>) =>
      openai.chat.completions.create({ model: "fake-chat", messages: [{ role: "user", content: "x" }], ...extra })
    await expect(chat({ model: "nothing" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
    })
    await expect(chat({ temperature: 9 })).rejects.toMatchObject({ status: 400, param: "temperature" })
    await expect(chat({ logit_bias: { 5: 1 } })).rejects.toMatchObject({ status: 400, param: "logit_bias" })
    await expect(chat({ messages: [] })).rejects.toMatchObject({ status: 400, param: "messages" })
    await expect(chat({ tools: [{ type: "web_search" }] })).rejects.toMatchObject({
      status: 400,
      param: "tools.0.type",
    })
    await expect(chat({ tool_choice: "required" })).rejects.toMatchObject({ status: 400, param: "tool_choice" })
    await expect(chat({ top_logprobs: 2 })).rejects.toMatchObject({ status: 400, param: "top_logprobs" })
    await expect(
      chat({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:," } }] }] }),
    ).rejects.toMatchObject({ status: 400, param: "messages.0.content" })
    expect((await chat({ an_unknown_field: { of: "the future" } })).choices).toHaveLength(1)

    const failWith = (error: AppError) =>
      async function* (): AsyncGenerator<GenerateEvent> {
        yield* answer()()
        throw error
      }
    fake.llm.script = failWith(new AppError("llm.context-exceeded", "5000 tokens do not fit in 4096."))
    for (const stream of [false, true])
      await expect(chat({ stream })).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" })
    fake.llm.script = failWith(new AppError("engine.busy", "The queue is full."))
    await expect(chat({})).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    fake.llm.script = failWith(new AppError("model.loading", "The model is loading."))
    const unavailable = await chat({}).catch((error: unknown) => error)
    expect(unavailable).toBeInstanceOf(OpenAI.InternalServerError)
    expect((unavailable as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("5")
  })

  it("hears of a late failure inside the stream", async () => {
    fake.llm.script = async function* () {
      yield { type: "text", text: "Half" }
      throw new AppError("engine.crashed", "The model process ended.")
    }
    const stream = await openai.chat.completions.create({
      model: "fake-chat",
      stream: true,
      messages: [{ role: "user", content: "x" }],
    })
    let text = ""
    await expect(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
      })(),
    ).rejects.toMatchObject({ message: expect.stringContaining("The model process ended.") })
    expect(text).toBe("Half")
  })

  it("stops generation by leaving", async () => {
    for (const stream of [true, false]) {
      const controller = new AbortController()
      const stopped = new Promise<void>((resolve) => {
        fake.llm.script = async function* (_request, signal) {
          yield { type: "text", text: "first" }
          const gone = new Promise<never>((_, reject) => {
            signal.addEventListener("abort", () => {
              resolve()
              reject(signal.reason)
            })
          })
          if (!stream) controller.abort()
          await gone
        }
      })
      const request = openai.chat.completions.create(
        { model: "fake-chat", stream, messages: [{ role: "user", content: "x" }] },
        { signal: controller.signal },
      )
      if (stream) {
        const reader = (await request) as AsyncIterable<OpenAI.ChatCompletionChunk>
        for await (const chunk of reader) if (chunk.choices[0]?.delta.content) controller.abort()
      } else await expect(request).rejects.toThrow()
      await stopped
    }
  })
})

describe("the AI SDK", () => {
  const provider = () =>
    createOpenAICompatible({ name: "zenglow", baseURL, apiKey: testKey, supportsStructuredOutputs: true })

  it("generates and streams text with usage", async () => {
    const whole = await generateText({ model: provider()("fake-chat"), prompt: "Hello there", maxRetries: 0 })
    expect(whole.text).toBe("Hello there")
    expect(whole.usage).toMatchObject({ inputTokens: 10, outputTokens: 2 })
    const stream = streamText({ model: provider()("fake-chat"), prompt: "one two", maxRetries: 0 })
    let text = ""
    for await (const part of stream.textStream) text += part
    expect(text).toBe("one two")
  })

  it("calls tools", async () => {
    fake.llm.script = (request) =>
      request.messages.at(-1)?.role === "tool"
        ? answer({ type: "text", text: "It rains." }, endEvent("stop", 3))()
        : weatherCall()
    const cities: string[] = []
    const result = await generateText({
      model: provider()("fake-chat"),
      prompt: "Weather in Oslo?",
      maxRetries: 0,
      tools: {
        weather: tool({
          description: "Weather",
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            cities.push(city)
            return "rain"
          },
        }),
      },
      stopWhen: ({ steps }) => steps.length >= 2,
    })
    expect(cities).toEqual(["Oslo"])
    expect(result.text).toBe("It rains.")
  })

  it("generates objects by schema", async () => {
    fake.llm.script = answer({ type: "text", text: '{"months":1}' }, endEvent("stop", 5))
    const { object } = await generateObject({
      model: provider()("fake-chat"),
      schema: z.object({ months: z.number() }),
      prompt: "How often?",
      maxRetries: 0,
    })
    expect(object).toEqual({ months: 1 })
    expect(fake.llm.requests[0]?.responseFormat).toMatchObject({ type: "json_schema" })
  })

  it("embeds", async () => {
    const { embeddings } = await embedMany({
      model: provider().embeddingModel("fake-embedder"),
      values: ["a", "b"],
      maxRetries: 0,
    })
    expect(embeddings.map((vector) => vector.length)).toEqual([4, 4])
  })
})

describe("LangChain", () => {
  const chat = () =>
    new ChatOpenAI({
      model: "fake-chat",
      apiKey: testKey,
      configuration: { baseURL },
      maxRetries: 0,
      streamUsage: true,
    })

  it("invokes, streams and calls tools", async () => {
    const whole = await chat().invoke("Hello there")
    expect(whole.content).toBe("Hello there")
    expect(whole.usage_metadata?.total_tokens).toBe(12)
    let text = ""
    for await (const chunk of await chat().stream("one two")) text += String(chunk.content)
    expect(text).toBe("one two")
    fake.llm.script = weatherCall
    const called = await chat().bindTools([weatherTool]).invoke("Weather?")
    expect(called.tool_calls?.[0]).toMatchObject({ name: "weather", args: { city: "Oslo" } })
  })

  it("embeds", async () => {
    const embeddings = new OpenAIEmbeddings({
      model: "fake-embedder",
      apiKey: testKey,
      configuration: { baseURL },
      maxRetries: 0,
    })
    const vectors = await embeddings.embedDocuments(["hello world", "b"])
    expect(vectors.map((vector) => vector.length)).toEqual([4, 4])
  })
})
