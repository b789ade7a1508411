import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createSpeechService } from "#app/speechService.ts"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { createFakeTextToSpeech, type FakeTextToSpeech } from "#engines/fake/fakeTextToSpeech.ts"
import type { SynthesizeOptions } from "#engines/types.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"

let tts: FakeTextToSpeech
let fake: FakeServer
let server: CoreServer
let baseUrl: string
let statusChecks: number
let now: number
/** What a slow voice waits for before its next sentence. */
let hold: ((signal: AbortSignal) => Promise<void>) | null

beforeEach(async () => {
  tts = createFakeTextToSpeech()
  statusChecks = 0
  now = 0
  hold = null
  const codecs = {
    encodeAudio: async (samples: Float32Array) => ({
      bytes: new Uint8Array(samples.length),
      contentType: "audio/wav",
    }),
  } as unknown as AudioCodecs
  const speech = createSpeechService({
    codecs,
    speechToText: async () => null,
    textToSpeech: async () => ({
      ...tts,
      async synthesize(text: string, options: SynthesizeOptions, signal: AbortSignal) {
        await hold?.(signal)
        return await tts.synthesize(text, options, signal)
      },
    }),
    vad: async () => null,
    async llm() {
      statusChecks++
      return null
    },
    defaultVoice: () => null,
    sentencePauseMs: () => 0,
    namesOf: async () => [],
    cloned: {
      has: () => false,
      list: async () => [],
      voice: async () => {
        throw new Error("There are no copies.")
      },
    },
    clock: { now: () => now, monotonic: () => now },
  })
  fake = createFakeServer()
  server = createServer({ ...fake.deps, speech, clock: { now: () => now, monotonic: () => now } })
  baseUrl = (await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).baseUrl
})
afterEach(async () => {
  await server.close()
  fake.remove()
})

const call = (path: string, body?: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(new URL(path, baseUrl), {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  })

describe("text that is to be spoken", () => {
  it.each([
    ["4,001 characters", { text: "a".repeat(4001) }, 422, "request.invalid"],
    ["nothing but spaces", { text: "   " }, 422, "request.invalid"],
    ["an unknown format", { text: "Hello.", format: "aac" }, 422, "request.invalid"],
    ["an unknown voice", { text: "Hello.", voice: "nobody" }, null, "tts.unknown-voice"],
    ["a path as a voice", { text: "Hello.", voice: "../../etc/passwd" }, null, "tts.unknown-voice"],
    ["an absolute path as a voice", { text: "Hello.", voice: "/tmp/voice.onnx" }, null, "tts.unknown-voice"],
    ["nothing but emoji", { text: "🎉🎉 👍" }, null, "tts.empty-text"],
  ])("is refused: %s", async (_, body, status, code) => {
    for (const path of ["/audio/tts", "/leonardo/speak"]) {
      const response = await call(path, body)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      if (status !== null) expect(response.status).toBe(status)
      const text = await response.text()
      expect((JSON.parse(text) as { error: { code: string } }).error.code).toBe(code)
      expect(text).not.toContain(fake.directory)
    }
    expect(tts.spoken).toEqual([])
  })

  it("may hold emoji, code, links and several languages: what can be said is said", async () => {
    const text =
      "Grüße 🎉 aus Köln [1]. Run `npm test` now.\n```\nrm -rf /\n```\nSiehe https://example.org/a?b=c. Ça va?"
    expect((await call("/audio/tts", { text })).status).toBe(200)
    const spoken = tts.spoken.join(" ")
    expect(spoken).toContain("Grüße")
    expect(spoken).toContain("Ça va?")
    expect(spoken).not.toMatch(/🎉|rm -rf|\[1\]|https:/)
  })

  it("of 4,000 characters is spoken whole", async () => {
    const text = "One more sentence. ".repeat(211).slice(0, 4000).trim()
    expect((await call("/audio/tts", { text })).status).toBe(200)
    expect(tts.spoken.join(" ").split("sentence").length).toBe(text.split("sentence").length)
  })

  it("stops being made when the client leaves in mid-stream", async () => {
    const left = new AbortController()
    let stopped = (): void => undefined
    const isStopped = new Promise<void>((resolve) => {
      stopped = resolve
    })
    hold = async (signal) => {
      if (tts.spoken.length === 0) return
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true })
        if (signal.aborted) resolve()
      })
      stopped()
    }
    const text = "The first sentence is here. The second sentence is here. The third sentence is here."
    const response = await call("/audio/tts", { text, format: "pcm", stream: true }, left.signal)
    await response.body?.getReader().read()
    left.abort()
    await isStopped
    expect(tts.spoken).toHaveLength(1)
  })
})

describe("the state of Leonardo", () => {
  const status = async () => (await (await call("/leonardo/status")).json()) as Record<string, unknown>
  it("is measured, and again only after some seconds", async () => {
    expect(await status()).toMatchObject({ can_think: false, can_listen: false, can_speak: true, timestamp: 0 })
    now = 4000
    expect(await status()).toMatchObject({ timestamp: 0 })
    expect(statusChecks).toBe(1)
    now = 6000
    expect(await status()).toMatchObject({ timestamp: 6000 })
    expect(statusChecks).toBe(2)
  })
})
