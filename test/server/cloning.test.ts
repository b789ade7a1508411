import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createClonedVoices, createCloningService, openLicenceAcceptance } from "#app/cloningService.ts"
import { createSpeechService } from "#app/speechService.ts"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { encodeAudio } from "#audio/encodeAudio.ts"
import { writeWav } from "#audio/wavFile.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { createFakeTextToSpeech } from "#engines/fake/fakeTextToSpeech.ts"
import { createFakeVad } from "#engines/fake/fakeVad.ts"
import { createFakeVoiceCloner } from "#engines/fake/fakeVoiceCloner.ts"
import type { SpeakerEncoder, SpeechToText } from "#engines/types.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { createCloning } from "#voice/cloning/cloning.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"

/** The routes over the real flow: only the models are fakes. */
let fake: FakeServer
let server: CoreServer
let heard = ""
const engine = { isFallback: false, loadState: () => "loaded" as const, load: async () => {}, unload: async () => {} }
const encoder: SpeakerEncoder = {
  ...engine,
  modelId: "fake-speaker",
  dimensions: 2,
  fingerprint: "f",
  embed: async () => Float32Array.of(1, 0),
}
const stt: SpeechToText = {
  ...engine,
  modelId: "fake-stt",
  transcribe: async () => ({ text: heard, segments: [], meanLogProbability: 0, language: "en" }),
}

beforeAll(async () => {
  const store = createMemoryStore()
  const cloner = createFakeVoiceCloner()
  const acceptance = openLicenceAcceptance(store.settings, systemClock)
  const codecs = {
    decodeAudio: (bytes: Uint8Array, options: Parameters<typeof decodeAudio>[1], signal: AbortSignal) =>
      decodeAudio(bytes, options, signal),
    encodeAudio,
    close: async () => {},
  }
  const cloning = createCloning({
    records: store.clonedVoices,
    sealing: { seal: async (_place, plain) => plain, open: async (_place, sealed) => sealed },
    clock: systemClock,
    encoder: async () => encoder,
    vad: async () => createFakeVad(),
    speechToText: async () => stt,
    cloner: async () => cloner,
    licenceAcceptedAt: acceptance.acceptedAt,
  })
  const base = createFakeServer()
  const nobody = { identified: null, similarity: 0, threshold: 0.5, margin: 0, candidates: [], net_speech_s: 3 }
  fake = createFakeServer({
    cloning: createCloningService({ cloning, acceptance, speakers: { identify: async () => nobody }, codecs }),
    speech: {
      ...base.deps.speech,
      ...createSpeechService({
        codecs,
        speechToText: async () => stt,
        textToSpeech: async () => createFakeTextToSpeech(),
        vad: async () => createFakeVad(),
        llm: async () => null,
        defaultVoice: () => null,
        cloned: createClonedVoices(cloning, acceptance, async () => cloner),
        clock: systemClock,
      } as unknown as Parameters<typeof createSpeechService>[0]),
    },
  })
  base.remove()
  server = createServer(fake.deps)
  await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const call = (method: string, path: string, body?: unknown, accept?: string): Promise<Response> =>
  fetch(`${server.baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${testKey}`,
      ...(accept ? { accept } : {}),
      ...(body === undefined || body instanceof FormData ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? undefined : body instanceof FormData ? body : JSON.stringify(body),
  })
/** Eight seconds of one voice, with quiet around it. */
const recording = (): Blob => {
  const samples = Float32Array.from({ length: 160_000 }, (_, n) =>
    n > 16_000 && n < 144_000 ? 0.3 * Math.sin(n / 7) : 0.0005 * Math.sin(n),
  )
  return new Blob([writeWav(samples, 16_000)], { type: "audio/wav" })
}
const form = (fields: Record<string, string>, file: string | null = "ref"): FormData => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  if (file) data.append(file, recording(), "ada.wav")
  return data
}
const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code

describe("the routes of cloned voices", () => {
  it("go from the licence to a voice that says what it is, and to its end", async () => {
    expect(await codeOf(await call("POST", "/audio/consents", { name: "Ada" }))).toBe("cloning.licence")
    const status = await call("PUT", "/audio/cloning/licence", { accepted: true })
    expect(await status.json()).toMatchObject({ licence: { id: "CPML", acceptedAt: expect.any(Number) }, missing: [] })

    const consent = (await (await call("POST", "/audio/consents", { name: "Ada" })).json()) as {
      id: string
      phrase: string
    }
    const spoken = { text: "Hello there.", consent_id: consent.id }
    expect(await codeOf(await call("POST", "/audio/xtts_clone", form(spoken)))).toBe("cloning.no-consent")
    heard = "something else"
    expect(await codeOf(await call("PUT", `/audio/consents/${consent.id}`, form({}, "file")))).toBe(
      "cloning.wrong-phrase",
    )
    heard = consent.phrase
    expect((await call("PUT", `/audio/consents/${consent.id}`, form({}, "file"))).status).toBe(200)

    const once = await call("POST", "/audio/xtts_clone", form(spoken))
    expect(once.headers.get("content-type")).toContain("audio/wav")
    expect(once.headers.get("x-synthetic-speech")).toBe("cloned-voice")
    expect(Buffer.from(await once.arrayBuffer()).includes("a copy of the voice of Ada")).toBe(true)
    expect(await (await call("GET", "/audio/cloned_voices")).json()).toEqual({ voices: [] })

    const kept = await call("POST", "/audio/xtts_clone", form({ ...spoken, voice_name: "Ada's voice", format: "flac" }))
    expect(Buffer.from(await kept.arrayBuffer()).includes("a copy of the voice of Ada")).toBe(true)
    const { voices } = (await (await call("GET", "/audio/tts/voices")).json()) as {
      voices: { id: string; isCloned: boolean }[]
    }
    const voice = voices.find(({ isCloned }) => isCloned)?.id ?? ""
    const said = await call("POST", "/audio/tts", { text: "And again.", voice, format: "mp3" })
    expect(said.headers.get("x-synthetic-speech")).toBe("cloned-voice")
    const stock = await call("POST", "/audio/tts", { text: "My own voice." })
    expect(stock.headers.get("x-synthetic-speech")).toBeNull()
    const profile = await call(
      "POST",
      "/audio/speaker/clone_profile",
      form({ text: "Hello.", speaker: "ada" }, null),
      "application/json",
    )
    expect(await profile.json()).toMatchObject({ format: "wav", synthetic: "cloned-voice", audio: expect.any(String) })

    expect(await (await call("DELETE", `/audio/consents/${consent.id}`)).json()).toEqual({ erased: 1 })
    expect(await codeOf(await call("POST", "/audio/tts", { text: "Gone.", voice }))).toBe("tts.unknown-voice")
    const audit = (await fake.deps.audit.list(ownerActor, { limit: 50 })).items.map(
      ({ action, outcome }) => `${action} ${outcome}`,
    )
    for (const line of [
      "cloning.licence ok",
      "consent.give failed",
      "consent.give ok",
      "voice.clone ok",
      "consent.revoke ok",
    ])
      expect(audit).toContain(line)
  })

  it("take no path for a voice, know nobody whom they do not know, and refuse what is no sound", async () => {
    for (const voice of ["clone-../../etc/passwd", "../secrets", "clone-0"])
      expect(await codeOf(await call("POST", "/audio/tts", { text: "Hello.", voice }))).toBe("tts.unknown-voice")
    expect((await call("DELETE", "/audio/cloned_voices/..%2F..%2Fetc%2Fpasswd")).status).toBe(404)
    expect(await codeOf(await call("POST", "/audio/speaker/identify_clone", form({ text: "Hello." }, "file")))).toBe(
      "speaker.not-found",
    )
    expect(
      await codeOf(await call("POST", "/audio/speaker/clone_profile", form({ text: "Hello.", speaker: "Zoe" }, null))),
    ).toBe("speaker.not-found")
    const noSound = new FormData()
    noSound.append("file", new Blob(["not a recording"]), "a.wav")
    expect(await codeOf(await call("POST", "/audio/cloned_voices/check", noSound))).toMatch(/^audio\./)
  })
})
