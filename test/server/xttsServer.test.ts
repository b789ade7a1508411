import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createServerGuard } from "#app/cloner.ts"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { writeWav } from "#audio/wavFile.ts"
import { createXttsServer, type XttsProtocol } from "#engines/remote/xttsServer.ts"
import type { SpeechChunk, VoiceCloner } from "#engines/types.ts"

/** A server that speaks the three protocols, says what it was asked, and fails as a test wants. */
let server: Server
let baseUrl: string
let asked: { path: string; body: string; authorization: string | undefined }[]
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
beforeEach(async () => {
  asked = []
  answer = speakWell
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("latin1")
      asked.push({ path: request.url ?? "", body, authorization: request.headers.authorization })
      answer(request, response, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const tone = Float32Array.from({ length: 2400 }, (_, n) => 0.3 * Math.sin(n / 5))
const speakWell: typeof answer = (request, response) => {
  if (request.url === "/clone_speaker")
    return void response.end(JSON.stringify({ gpt_cond_latent: [[0.5]], speaker_embedding: [0.25] }))
  if (request.url === "/speakers_list") return void response.end(JSON.stringify(["Ada", "Ben"]))
  if (request.url === "/tts_stream") {
    const pcm = Buffer.from(writeWav(tone, 24_000)).subarray(44)
    // Cut in the middle of a sample.
    response.write(pcm.subarray(0, 1001))
    return void response.end(pcm.subarray(1001))
  }
  response.end(Buffer.from(writeWav(tone, 24_000)))
}

const signal = new AbortController().signal
const open = (protocol: XttsProtocol, options: { url?: string; timeoutMs?: number; isOffline?: boolean } = {}) =>
  createXttsServer({
    baseUrl: options.url ?? baseUrl,
    protocol,
    guard: createServerGuard({
      baseUrl: options.url ?? baseUrl,
      isOffline: () => options.isOffline ?? false,
      lookup: async (host) => [{ address: host === "home.test" ? "192.168.1.9" : "93.184.216.34", family: 4 }],
    }),
    fetch,
    decode: async (bytes) => await decodeAudio(bytes, {}, signal),
    encode: ({ samples, sampleRate }) => writeWav(samples, sampleRate),
    apiKey: async () => "secret-key",
    timeoutMs: options.timeoutMs ?? 5000,
  })
const say = async (cloner: VoiceCloner, conditioning: Uint8Array, given = signal): Promise<SpeechChunk[]> => {
  const chunks: SpeechChunk[] = []
  for await (const chunk of cloner.synthesize("Hello.", { conditioning, language: "zh" }, given)) chunks.push(chunk)
  return chunks
}
const sample = { samples: tone, sampleRate: 22_050, name: "Ada" }

describe("XTTS on a server", () => {
  it("has the streaming server make a voice of the sample, and speaks as sound comes", async () => {
    const cloner = open("coqui")
    const conditioning = await cloner.condition(sample, signal)
    expect(asked[0]).toMatchObject({ path: "/clone_speaker", authorization: "Bearer secret-key" })
    expect(asked[0]?.body).toContain("RIFF")
    const chunks = await say(cloner, conditioning)
    expect(JSON.parse(asked[1]?.body ?? "")).toMatchObject({
      text: "Hello.",
      language: "zh-cn",
      gpt_cond_latent: [[0.5]],
      speaker_embedding: [0.25],
    })
    const samples = chunks.flatMap((chunk) => [...chunk.samples])
    expect(samples.length).toBe(tone.length)
    expect(samples[100]).toBeCloseTo(tone[100] as number, 3)
    expect(chunks[0]?.sampleRate).toBe(24_000)
  })

  it.each([
    ["xtts-api", "/tts_to_audio/", { text: "Hello.", speaker_wav: "Ada", language: "zh-cn" }],
    ["openai", "/v1/audio/speech", { input: "Hello.", voice: "Ada", response_format: "wav" }],
  ] as const)("speaks by %s in the voice that the server knows by this name", async (protocol, path, body) => {
    const cloner = open(protocol)
    const conditioning = await cloner.condition(sample, signal)
    const [chunk] = await say(cloner, conditioning)
    expect(asked.at(-1)?.path).toBe(path)
    expect(JSON.parse(asked.at(-1)?.body ?? "")).toMatchObject(body)
    expect(chunk?.samples.length).toBe(tone.length)
    expect(
      asked.some(({ body: sent }) => sent.includes("RIFF")),
      "the sample stays here",
    ).toBe(false)
  })

  it("says when the server has no such voice", async () => {
    await expect(open("xtts-api").condition({ ...sample, name: "Zoe" }, signal)).rejects.toMatchObject({
      code: "cloning.server",
      message: expect.stringContaining("no voice called Zoe"),
    })
  })

  it("tells each way in which a server can fail, and takes no sound for speech that is none", async () => {
    const attempt = async () => say(open("openai"), Buffer.from('{"voice":"Ada"}'))
    const failures: [typeof answer, string][] = [
      [(_request, response) => void response.writeHead(500).end("{}"), "answered 500"],
      [(_request, response) => void response.writeHead(401).end(), "another key"],
      [
        (_request, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
        "another address",
      ],
      [(_request, response) => void response.end(), "sent no sound"],
      [
        (_request, response) => {
          response.write(Buffer.alloc(1000))
          response.socket?.destroySoon()
        },
        "broke off",
      ],
    ]
    for (const [broken, message] of failures) {
      answer = broken
      await expect(attempt(), message).rejects.toMatchObject({
        code: "cloning.server",
        message: expect.stringContaining(message),
      })
    }
    answer = (_request, response) => void response.end("no sound file")
    await expect(attempt()).rejects.toMatchObject({ code: expect.stringMatching(/^audio\./) })
    answer = (_request, response) => void response.end("[")
    await expect(open("coqui").condition(sample, signal)).rejects.toMatchObject({ code: "cloning.server" })
    await expect(
      open("openai", { url: "http://127.0.0.1:9" })
        .synthesize(
          "Hi.",
          {
            conditioning: Buffer.from("{}"),
            language: "en",
          },
          signal,
        )
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toMatchObject({ code: "cloning.server", message: expect.stringContaining("cannot be reached") })
  })

  it("gives up on a silent server, and ends the request when nobody wants it", async () => {
    answer = () => undefined
    await expect(say(open("openai", { timeoutMs: 50 }), Buffer.from('{"voice":"Ada"}'))).rejects.toMatchObject({
      message: expect.stringContaining("did not answer in time"),
    })
    const stop = new AbortController()
    const gone = new Promise<void>((resolve) => {
      answer = (request) => {
        request.socket.on("close", () => resolve())
        stop.abort(new Error("nobody listens"))
      }
    })
    await expect(say(open("coqui"), Buffer.from("{}"), stop.signal)).rejects.toThrow("nobody listens")
    await gone
  })
})

describe("the way to an XTTS server", () => {
  const guard = (url: string, isOffline = false) =>
    createServerGuard({
      baseUrl: url,
      isOffline: () => isOffline,
      lookup: async (host) =>
        host === "home.test"
          ? [{ address: "192.168.1.9", family: 4 }]
          : host === "mixed.test"
            ? [
                { address: "93.184.216.34", family: 4 },
                { address: "10.0.0.1", family: 4 },
              ]
            : [{ address: "93.184.216.34", family: 4 }],
    })(new URL("/tts", url))

  it("is open at home and to https outside, and to nothing else", async () => {
    await guard("http://127.0.0.1:8020")
    await guard("http://home.test:8020")
    await guard("https://public.test")
    await expect(guard("http://public.test"), "voices in the clear").rejects.toMatchObject({ code: "cloning.server" })
    await expect(guard("https://mixed.test"), "a name that leads inside").rejects.toMatchObject({
      code: "cloning.server",
    })
    const named = createServerGuard({
      baseUrl: "http://127.0.0.1:8020",
      isOffline: () => false,
      lookup: async () => [],
    })
    await expect(named(new URL("http://127.0.0.1:22/"))).rejects.toMatchObject({ code: "cloning.server" })
  })

  it("stays on this machine when ZenGlow is offline", async () => {
    await guard("http://127.0.0.1:8020", true)
    for (const url of ["http://home.test:8020", "https://public.test"])
      await expect(guard(url, true)).rejects.toMatchObject({ code: "download.offline" })
  })
})
