import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import os from "node:os"
import path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { EngineClient } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import type { LlamaContract } from "#engines/llama/contract.ts"
import { checkGguf } from "#engines/llama/ggufCheck.ts"
import { createLlamaLlm } from "#engines/llama/llamaLlm.ts"
import type { GenerateEvent, GenerateRequest, Llm, TokenLogprob, ToolDefinition } from "#engines/types.ts"
import { modelFile } from "./modelFiles.ts"

const small = modelFile("smollm2-135m-instruct-q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf")
const large = modelFile("qwen2.5-coder-1.5b-instruct-q4_k_m", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")
const signal = new AbortController().signal

function makeClient(): EngineClient<LlamaContract> {
  return createHostClient<LlamaContract>({
    name: "llm",
    adapter: createForkAdapter({ entry: new URL("../../main/engines/llama/entry.ts", import.meta.url) }),
    log: silentLogger,
  })
}

type End = Extract<GenerateEvent, { type: "end" }>

async function collect(llm: Llm, request: GenerateRequest, stop: AbortSignal = signal) {
  const events: GenerateEvent[] = []
  for await (const event of llm.generate({ temperature: 0, maxTokens: 48, ...request }, stop)) events.push(event)
  const texts = events.flatMap((event) => (event.type === "text" ? [event.text] : []))
  const logprobs = events.flatMap((event): TokenLogprob[] => (event.type === "text" ? (event.logprobs ?? []) : []))
  const calls: { id: string; name: string; arguments: string }[] = []
  for (const event of events) {
    if (event.type !== "tool-call") continue
    calls[event.index] ??= { id: event.id, name: event.name, arguments: "" }
    calls[event.index]!.arguments += event.argumentsDelta
  }
  return { events, texts, text: texts.join(""), logprobs, calls, end: events.at(-1) as End }
}

const ask = (content: string): GenerateRequest["messages"] => [{ role: "user", content }]
const longText = "The coffee machine has a water tank of 1.8 litres. Descale it every two months. "

describe.skipIf(!existsSync(small))("a small model in its host", () => {
  let client: EngineClient<LlamaContract>
  let llm: Llm
  beforeAll(() => {
    client = makeClient()
    llm = createLlamaLlm({ client, log: silentLogger, model: { id: "small", path: small, contextTokens: 2048 } })
  })
  afterAll(() => client.stop())

  it("loads once for concurrent callers and says what it holds", async () => {
    expect(llm.loadState()).toBe("unloaded")
    await Promise.all([llm.load(signal), llm.load(signal)])
    expect(llm.loadState()).toBe("loaded")
    await expect(llm.info(signal)).resolves.toEqual({ modelId: "small", contextTokens: 2048, hasTools: false })
  })

  it("streams the answer in pieces, with real token counts", async () => {
    const { texts, text, end } = await collect(llm, { messages: ask("Say hello in five words.") })
    // Fast machines write several tokens between two pieces.
    expect(texts.length).toBeGreaterThan(1)
    expect(end.reason).toBe("stop")
    const [written] = await llm.countTokens([text], signal)
    expect(end.usage.completionTokens).toBe(written)
    expect(end.usage.promptTokens).toBe(await llm.countPromptTokens(ask("Say hello in five words."), signal))
  })

  it("answers the same for the same seed", async () => {
    const request = { messages: ask("Tell me about the sea."), temperature: 1, maxTokens: 12 }
    const first = await collect(llm, { ...request, seed: 7 })
    const again = await collect(llm, { ...request, seed: 7 })
    expect(again.text).toBe(first.text)
    expect(first.end.reason).toBe("length")
    expect(first.end.usage.completionTokens).toBe(12)
  })

  it("ends before a stop string, even one that spans pieces, and shows nothing of it", async () => {
    const whole = await collect(llm, { messages: ask("Say hello in five words.") })
    const stop = whole.text.slice(3, 12)
    const cut = await collect(llm, { messages: ask("Say hello in five words."), stop: [stop] })
    expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)))
    expect(cut.end.reason).toBe("stop")
  })

  it("evaluates only what is new in a conversation's second turn, whatever ran in between", async () => {
    const messages = ask(`${longText.repeat(6)}How large is the tank?`)
    const first = await collect(llm, { messages, cacheKey: "a", maxTokens: 24 })
    expect(first.end.usage.cachedTokens).toBeLessThan(8)
    await collect(llm, { messages: ask("Say hello."), maxTokens: 4 })
    const followUp: GenerateRequest["messages"] = [
      ...messages,
      { role: "assistant", content: first.text.trim() },
      { role: "user", content: "Thanks!" },
    ]
    const second = await collect(llm, { messages: followUp, cacheKey: "a", maxTokens: 4 })
    const { promptTokens, completionTokens } = first.end.usage
    expect(second.end.usage.cachedTokens).toBeGreaterThanOrEqual(promptTokens + completionTokens - 3)
    expect(second.end.usage.promptTokens - second.end.usage.cachedTokens).toBeLessThan(24)
  })

  it("gives log-probabilities of the chosen tokens and their alternatives", async () => {
    const { text, logprobs } = await collect(llm, { messages: ask("Say hello."), maxTokens: 5, topLogprobs: 3 })
    expect(logprobs.map(({ token }) => token).join("")).toBe(text)
    for (const { token, logprob, bytes, top } of logprobs) {
      expect(logprob).toBeLessThanOrEqual(0)
      expect(Buffer.from(bytes).toString()).toBe(token)
      expect(top).toHaveLength(3)
      expect(top[0]!.token).toBe(token)
      expect(top[0]!.logprob).toBeGreaterThanOrEqual(top[1]!.logprob)
    }
  })

  it("writes JSON that fits the schema, and any object for json_object", async () => {
    const schema = {
      type: "object",
      properties: { minutes: { type: "integer" }, unit: { enum: ["minutes", "hours"] } },
      required: ["minutes", "unit"],
      additionalProperties: false,
    }
    const messages = ask("The machine switches off after 45 minutes. After how long does it switch off?")
    const { text, end } = await collect(llm, { messages, responseFormat: { type: "json_schema", schema } })
    expect(JSON.parse(text)).toEqual({ minutes: expect.any(Number), unit: expect.stringMatching(/^(minutes|hours)$/) })
    expect(end.reason).toBe("stop")
    const free = await collect(llm, {
      messages: ask("Give a person as JSON with name and age."),
      responseFormat: { type: "json_object" },
      maxTokens: 80,
    })
    expect(typeof JSON.parse(free.text)).toBe("object")
  })

  it("refuses a schema it cannot enforce", async () => {
    const request = (schema: Record<string, unknown>): GenerateRequest => ({
      messages: ask("hi"),
      responseFormat: { type: "json_schema", schema },
    })
    await expect(collect(llm, request({ type: "string", pattern: "^a" }))).rejects.toMatchObject({
      code: "llm.invalid-schema",
      message: expect.stringContaining("pattern"),
    })
    await expect(collect(llm, request({ type: "thing" }))).rejects.toMatchObject({ code: "llm.invalid-schema" })
  })

  it("refuses a prompt larger than the context and names both sizes", async () => {
    const messages = ask(longText.repeat(150))
    const size = await llm.countPromptTokens(messages, signal)
    await expect(collect(llm, { messages })).rejects.toMatchObject({
      code: "llm.context-exceeded",
      message: expect.stringMatching(new RegExp(`${size}.*2048`)),
    })
  })

  it("shares out a choice among candidates", async () => {
    const shares = await llm.choose(ask("Is the sky blue? Answer Yes or No."), ["Yes", "No", "Zebra"], signal)
    expect(shares).toHaveLength(3)
    expect(shares[0]! + shares[1]! + shares[2]!).toBeCloseTo(1, 5)
    expect(shares[2]!).toBeLessThan(Math.max(shares[0]!, shares[1]!))
  })

  it("stops between slices of the prompt when aborted, and keeps working", async () => {
    const controller = new AbortController()
    let done = 0
    const run = async (): Promise<void> => {
      for await (const event of llm.generate({ messages: ask(longText.repeat(80)) }, controller.signal)) {
        if (event.type !== "prompt-progress") throw new Error("The prompt was not interrupted.")
        done = event.done
        if (event.done > 0) controller.abort(new Error("enough"))
      }
    }
    await expect(run()).rejects.toThrow("enough")
    expect(done).toBeLessThan(800)
    expect((await collect(llm, { messages: ask("Say hello."), maxTokens: 2 })).text).not.toBe("")
  })

  it("stops generating when aborted or left, in the same process", async () => {
    await llm.load(signal)
    const { pid } = client.status()
    const controller = new AbortController()
    const run = async (): Promise<void> => {
      for await (const event of llm.generate({ messages: ask("Write a long story.") }, controller.signal))
        if (event.type === "text") controller.abort(new Error("no longer"))
    }
    await expect(run()).rejects.toThrow("no longer")
    for await (const event of llm.generate({ messages: ask("Write a long story.") }, signal))
      if (event.type === "text") break
    expect((await collect(llm, { messages: ask("Say hello."), maxTokens: 2 })).text).not.toBe("")
    expect(client.status().pid).toBe(pid)
  })

  it("says engine.crashed when the child is killed mid-token, and answers the next request", async () => {
    let shown = ""
    const run = async (): Promise<void> => {
      for await (const event of llm.generate({ messages: ask("Write a long story.") }, signal)) {
        if (event.type !== "text") continue
        if (shown === "") process.kill(client.status().pid!, "SIGKILL")
        shown += event.text
      }
    }
    await expect(run()).rejects.toMatchObject({ code: "engine.crashed" })
    expect(shown).not.toBe("")
    expect(llm.loadState()).toBe("unloaded")
    expect((await collect(llm, { messages: ask("Say hello."), maxTokens: 2 })).text).not.toBe("")
  })

  it("frees the model and loads it again when asked", async () => {
    await llm.load(signal)
    await llm.unload()
    expect(llm.loadState()).toBe("unloaded")
    expect((await collect(llm, { messages: ask("Say hello."), maxTokens: 2 })).text).not.toBe("")
  })
})

describe.skipIf(!existsSync(small))("a damaged model file", () => {
  let dir: string
  const client = makeClient()
  beforeAll(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), "zenglow-gguf-"))
  })
  afterAll(async () => {
    await client.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  const copy = (name: string): string => {
    const file = path.join(dir, `${name}.gguf`)
    copyFileSync(small, file)
    return file
  }
  const loading = (file: string) =>
    createLlamaLlm({ client, log: silentLogger, model: { id: "bad", path: file } }).load(signal)

  it("is accepted when it is sound", async () => {
    await expect(checkGguf(small)).resolves.toEqual({
      architecture: "llama",
      trainContextTokens: 8192,
      hasChatTemplate: true,
    })
  })

  it("is refused when it is missing, empty, another format, or cut short", async () => {
    await expect(loading(path.join(dir, "absent.gguf"))).rejects.toMatchObject({ code: "model.missing" })
    const text = path.join(dir, "text.gguf")
    writeFileSync(text, "This is not a model, however long the sentence may be.")
    await expect(loading(text)).rejects.toMatchObject({ code: "model.corrupt" })
    writeFileSync(text, "")
    await expect(loading(text)).rejects.toMatchObject({ code: "model.corrupt" })
    const cut = copy("cut")
    truncateSync(cut, 50_000_000)
    await expect(loading(cut)).rejects.toMatchObject({ code: "model.corrupt", remedy: expect.stringContaining("pull") })
    truncateSync(cut, 100_000)
    await expect(loading(cut)).rejects.toMatchObject({ code: "model.corrupt" })
  })

  it("is refused when its version or kind is not one that writes text", async () => {
    const bytes = readFileSync(small).subarray(0, 4_000_000)
    const version = path.join(dir, "version.gguf")
    writeFileSync(version, Buffer.concat([bytes.subarray(0, 4), Buffer.from([9, 0, 0, 0]), bytes.subarray(8)]))
    await expect(loading(version)).rejects.toMatchObject({ code: "model.incompatible" })
    const kind = copy("kind")
    const whole = readFileSync(kind)
    // The architecture is a text of five letters, so another of five letters keeps the layout.
    const at = whole.indexOf("general.architecture") + "general.architecture".length + 12
    expect(whole.toString("utf8", at, at + 5)).toBe("llama")
    whole.write("zebra", at)
    writeFileSync(kind, whole)
    await expect(loading(kind)).rejects.toMatchObject({
      code: expect.stringMatching(/^model\.(corrupt|incompatible)$/),
    })
  })

  it("never harms the core when a bit of its header is flipped", async () => {
    const whole = readFileSync(small)
    const headerBytes = 4096
    let refused = 0
    for (let round = 0; round < 60; round++) {
      const at = (round * 2_654_435_761) % headerBytes
      const damaged = Buffer.from(whole.subarray(0, 4_000_000))
      damaged[at]! ^= 1 << (round % 8)
      const file = path.join(dir, "flipped.gguf")
      writeFileSync(file, damaged)
      truncateSync(file, whole.length)
      await checkGguf(file).catch((error: { code?: string }) => {
        expect(error.code).toMatch(/^model\.(corrupt|incompatible)$/)
        refused++
      })
    }
    expect(refused).toBeGreaterThan(10)
  })
})

describe.skipIf(!existsSync(large))("a model with tools in its host", () => {
  const client = makeClient()
  const llm = createLlamaLlm({ client, log: silentLogger, model: { id: "large", path: large, contextTokens: 2048 } })
  afterAll(() => client.stop())
  const tools: ToolDefinition[] = [
    {
      name: "get_weather",
      description: "Current weather of a city",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
    { name: "get_time", description: "Current time of day" },
  ]
  const messages = ask("What is the weather in Paris?")

  it("calls a tool of its own accord, with arguments that fit", async () => {
    expect((await llm.info(signal)).hasTools).toBe(true)
    const { calls, end, text } = await collect(llm, { messages, tools, cacheKey: "tools" })
    expect(calls.map(({ name }) => name)).toEqual(["get_weather"])
    expect(JSON.parse(calls[0]!.arguments)).toEqual({ city: expect.stringContaining("Paris") })
    expect(text).toBe("")
    expect(end.reason).toBe("tool-calls")
  })

  it("answers from the tool's result", async () => {
    const { text, calls } = await collect(llm, {
      messages: [
        ...messages,
        {
          role: "assistant",
          content: "",
          toolCalls: [{ id: "1", name: "get_weather", arguments: '{"city":"Paris"}' }],
        },
        { role: "tool", toolCallId: "1", content: '{"temperature":21,"sky":"clear"}' },
      ],
      tools,
      toolChoice: "none",
    })
    expect(calls).toEqual([])
    expect(text).toContain("21")
  })

  it("calls when it must, the named tool when one is named, and none when forbidden", async () => {
    const required = await collect(llm, { messages: ask("Hello!"), tools, toolChoice: "required", cacheKey: "tools" })
    expect(required.calls.length).toBeGreaterThan(0)
    for (const call of required.calls) expect(["get_weather", "get_time"]).toContain(call.name)
    const named = await collect(llm, { messages, tools, toolChoice: { name: "get_time" }, cacheKey: "tools" })
    expect(named.calls).toMatchObject([{ name: "get_time", arguments: "{}" }])
    expect(named.end.reason).toBe("tool-calls")
    const none = await collect(llm, { messages, tools, toolChoice: "none", maxTokens: 8 })
    expect(none.calls).toEqual([])
    expect(none.text).not.toBe("")
  })
})
