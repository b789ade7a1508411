import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openCloning } from "#app/cloningService.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeVad } from "#engines/fake/fakeVad.ts"
import { createFakeVoiceCloner } from "#engines/fake/fakeVoiceCloner.ts"
import type { SpeakerEncoder, SpeechToText, VoiceCloner } from "#engines/types.ts"
import { createSecrets } from "#ops/secrets/createSecrets.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import type { Cloning } from "#voice/cloning/cloning.ts"
import type { VoiceSample } from "#voice/cloning/voiceSample.ts"
import { levelEncoder, levelRecording } from "../fakes/levelVoices.ts"

const signal = new AbortController().signal
const stranger = { personId: "stranger", scopes: [] }

/** "Hears" what the test says it hears. */
const hears = (text: () => string): SpeechToText => ({
  modelId: "fake-stt",
  isFallback: false,
  loadState: () => "loaded",
  load: async () => undefined,
  unload: async () => undefined,
  transcribe: async () => ({ text: text(), segments: [], meanLogProbability: -0.1, language: "en" }),
})

const recording = (level: number, seconds: number): Float32Array => levelRecording(level, seconds, 1)
const sample = (level: number, seconds = 8): VoiceSample => {
  const samples = recording(level, seconds)
  return { chunk: { samples, sampleRate: 16_000 }, listening: samples }
}

let directory: string
let store: Store
let cloner: VoiceCloner | null
let currentEncoder: SpeakerEncoder
let heard: string
let now: number
let licence: number | null
let cloning: Cloning
const open = async () =>
  openCloning({
    records: store.clonedVoices,
    encoder: async () => currentEncoder,
    vad: async () => createFakeVad(),
    speechToText: async () => hears(() => heard),
    cloner: async () => cloner,
    licenceAcceptedAt: async () => licence,
    clock: { ...systemClock, now: () => now },
    secrets: await createSecrets({
      dataDir: directory,
      environment: {},
      keychain: null,
      passphrase: null,
      log: silentLogger,
    }),
  })
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-cloning-"))
  store = await openSqliteStore({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    log: silentLogger,
  })
  cloner = createFakeVoiceCloner()
  currentEncoder = levelEncoder()
  now = 1_000_000
  licence = 1
  cloning = await open()
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const consent = async (name: string, level: number) => {
  const asked = await cloning.ask(ownerActor, name)
  heard = asked.phrase
  return await cloning.give(ownerActor, asked.id, recording(level, 6), signal)
}
const clone = async (name: string, level: number) => {
  const { id } = await consent(name, level)
  const request = { name: `${name}'s voice`, consentId: id, language: "en", sample: sample(level) }
  return await cloning.create(ownerActor, request, signal)
}
const files = async (): Promise<Buffer> =>
  Buffer.concat(
    await Promise.all(
      (await readdir(directory))
        .filter((name) => name.startsWith("zenglow.db"))
        .map((name) => readFile(join(directory, name))),
    ),
  )

describe("consent to a cloned voice", () => {
  it("is given by the phrase read aloud, and by nothing else", async () => {
    const asked = await cloning.ask(ownerActor, "Ada")
    heard = "Something else entirely was said here."
    const attempt = () => cloning.give(ownerActor, asked.id, recording(0.2, 6), signal)
    await expect(attempt()).rejects.toMatchObject({ code: "cloning.wrong-phrase" })
    // The agreement without the sentence that nobody could know: an old recording.
    heard = "I agree that this computer may speak with a copy of my voice."
    await expect(attempt()).rejects.toMatchObject({ code: "cloning.wrong-phrase" })
    heard = asked.phrase
    expect(await attempt()).toMatchObject({ state: "given", name: "Ada" })
    await expect(attempt(), "read once").rejects.toMatchObject({ code: "cloning.no-consent" })
    expect(JSON.stringify(await cloning.consents(ownerActor))).not.toContain("sealed")
  })

  it("is not given ten minutes later, nor in silence", async () => {
    const late = await cloning.ask(ownerActor, "Ada")
    heard = late.phrase
    now += 10 * 60_000 + 1
    await expect(cloning.give(ownerActor, late.id, recording(0.2, 6), signal)).rejects.toMatchObject({
      code: "cloning.no-consent",
    })
    const silent = await cloning.ask(ownerActor, "Ada")
    heard = silent.phrase
    await expect(cloning.give(ownerActor, silent.id, new Float32Array(96_000), signal)).rejects.toMatchObject({
      code: "speaker.too-short",
    })
  })

  it("is never asked for before the licence was accepted", async () => {
    licence = null
    await expect(cloning.ask(ownerActor, "Ada")).rejects.toMatchObject({ code: "cloning.licence" })
  })
})

describe("cloning a voice", () => {
  it("takes the voice that agreed, and refuses another one and another consent", async () => {
    const { id: consentId } = await consent("Ada", 0.2)
    const request = { name: "Ada", consentId, language: "en" }
    await expect(cloning.create(ownerActor, { ...request, sample: sample(0.4) }, signal)).rejects.toMatchObject({
      code: "cloning.wrong-speaker",
    })
    await expect(cloning.once(ownerActor, { ...request, sample: sample(0.4) }, signal)).rejects.toMatchObject({
      code: "cloning.wrong-speaker",
    })
    const asked = await cloning.ask(ownerActor, "Ben")
    await expect(
      cloning.create(ownerActor, { ...request, consentId: asked.id, sample: sample(0.2) }, signal),
      "not read yet",
    ).rejects.toMatchObject({ code: "cloning.no-consent" })
    await expect(cloning.create(stranger, { ...request, sample: sample(0.2) }, signal)).rejects.toMatchObject({
      code: "cloning.not-found",
    })
    expect(await cloning.create(ownerActor, { ...request, sample: sample(0.2) }, signal)).toMatchObject({
      name: "Ada",
      person: "Ada",
    })
    await expect(
      cloning.create(ownerActor, { ...request, name: "ADA", sample: sample(0.2) }, signal),
    ).rejects.toMatchObject({ code: "request.conflict" })
    currentEncoder = levelEncoder("space-b")
    await expect(
      cloning.create(ownerActor, { ...request, name: "Again", sample: sample(0.2) }, signal),
    ).rejects.toMatchObject({ code: "cloning.no-consent" })
  })

  it("refuses samples that are short, silent, cut off, endless, or of two people", async () => {
    const check = (one: VoiceSample) => cloning.check(one, signal)
    const of = (samples: Float32Array): VoiceSample => ({ chunk: { samples, sampleRate: 16_000 }, listening: samples })
    await expect(check(sample(0.2, 0.9))).rejects.toMatchObject({ code: "speaker.too-short" })
    await expect(check(of(new Float32Array(160_000)))).rejects.toMatchObject({ code: "speaker.too-short" })
    await expect(check(sample(0.2, 121))).rejects.toMatchObject({ code: "audio.too-long" })
    const clipped = recording(0.2, 8).map((value, n) => (n % 50 === 0 && n > 20_000 && n < 120_000 ? 1 : value))
    await expect(check(of(clipped))).rejects.toMatchObject({ code: "speaker.poor-quality" })
    const two = new Float32Array([...recording(0.2, 6), ...recording(0.4, 4), ...recording(0.2, 6)])
    await expect(check(of(two)), "a second voice in the middle").rejects.toMatchObject({ code: "speaker.poor-quality" })
    expect(await check(sample(0.2))).toMatchObject({ verdict: "good", net_speech_s: 8 })
    expect(await check(sample(0.2, 4))).toMatchObject({ verdict: "usable" })
  })

  it("keeps nothing of a voice that the engine could not make, and the consent for another try", async () => {
    const working = createFakeVoiceCloner()
    cloner = {
      ...working,
      condition: async () => {
        throw new Error("no voice of this")
      },
    }
    const { id: consentId } = await consent("Ada", 0.2)
    const request = { name: "Ada", consentId, language: "en", sample: sample(0.2) }
    await expect(cloning.create(ownerActor, request, signal)).rejects.toThrow("no voice of this")
    expect(await cloning.list(ownerActor)).toEqual([])
    cloner = working
    await cloning.create(ownerActor, request, signal)
    await expect(
      cloning.create(ownerActor, { ...request, name: "Klingon", language: "tlh" }, signal),
    ).rejects.toMatchObject({ code: "cloning.language" })
  })
})

describe("a cloned voice", () => {
  it("speaks beside others in one conversation, and is conditioned once, also over a restart", async () => {
    const [ada, ben] = [await clone("Ada", 0.2), await clone("Ben", 0.4)]
    const fake = cloner as ReturnType<typeof createFakeVoiceCloner>
    for (const [id, text] of [
      [ada.id, "Hello."],
      [ben.id, "Good day."],
      [ada.id, "Bye."],
    ] as const)
      await (await cloning.voice(ownerActor, id)).synthesize(text, {}, signal)
    cloning = await open()
    await (await cloning.voice(ownerActor, ada.id)).synthesize("Back again.", {}, signal)
    expect(fake.spoken.map(({ text, voice }) => `${voice}: ${text}`)).toEqual([
      "Ada's voice: Hello.",
      "Ben's voice: Good day.",
      "Ada's voice: Bye.",
      "Ada's voice: Back again.",
    ])
    expect(fake.conditioned).toEqual(["Ada's voice", "Ben's voice"])
    cloner = createFakeVoiceCloner({ fingerprint: "newer" })
    await (await cloning.voice(ownerActor, ada.id)).synthesize("With another model.", {}, signal)
    expect((cloner as typeof fake).conditioned, "made again for another model").toEqual(["Ada's voice"])
  })

  it("is nobody else's, and an id is never a path", async () => {
    const { id } = await clone("Ada", 0.2)
    for (const [actor, voice] of [
      [stranger, id],
      [ownerActor, "clone-../../secrets"],
      [ownerActor, "/etc/passwd"],
    ] as const)
      await expect(cloning.voice(actor, voice)).rejects.toMatchObject({ code: "tts.unknown-voice" })
    expect(await cloning.list(stranger)).toEqual([])
    await expect(cloning.erase(stranger, id)).rejects.toMatchObject({ code: "cloning.not-found" })
    licence = null
    await expect(cloning.voice(ownerActor, id)).rejects.toMatchObject({ code: "cloning.licence" })
  })

  it("falls silent in the middle of a sentence when its consent is taken back", async () => {
    let isSpeaking = (): void => undefined
    const speaking = new Promise<void>((resolve) => {
      isSpeaking = resolve
    })
    cloner = createFakeVoiceCloner({
      beforeSpeech: (stopped) =>
        new Promise((_, reject) => {
          stopped.addEventListener("abort", () => reject(stopped.reason))
          isSpeaking()
        }),
    })
    const { id, consentId } = await clone("Ada", 0.2)
    const voice = await cloning.voice(ownerActor, id)
    const sentence = voice.synthesize("A long sentence.", {}, signal)
    const refused = expect(sentence).rejects.toMatchObject({ code: "cloning.no-consent" })
    await speaking
    expect(await cloning.revoke(ownerActor, consentId)).toBe(1)
    await refused
    await expect(voice.synthesize("Another one.", {}, signal)).rejects.toMatchObject({ code: "cloning.no-consent" })
    await expect(cloning.voice(ownerActor, id)).rejects.toMatchObject({ code: "tts.unknown-voice" })
  })

  it("is sealed, leaves no byte behind when it is erased, and ends its consent, which stays on record", async () => {
    const { id, consentId } = await clone("Ada", 0.2)
    const content = await store.clonedVoices.get(ownerActor, id)
    const given = await store.clonedVoices.consent(ownerActor, consentId)
    const pieceOf = (sealed: string): string => (JSON.parse(sealed) as { data: string }).data.slice(0, 40)
    const pieces = [content.sealedSample, content.conditioning?.sealed ?? "", given.sealed ?? ""].map(pieceOf)
    const before = await files()
    expect(pieces.map((piece) => before.includes(piece))).toEqual([true, true, true])
    expect(before.includes("sampleRate"), "no plain sample").toBe(false)
    await cloning.erase(ownerActor, id)
    const after = await files()
    expect(pieces.map((piece) => after.includes(piece))).toEqual([false, false, false])
    expect(await cloning.consents(ownerActor)).toMatchObject([
      { id: consentId, name: "Ada", state: "revoked", givenAt: expect.any(Number), revokedAt: expect.any(Number) },
    ])
  })

  it("is not spoken with when what was kept was changed, or belongs to another voice", async () => {
    const [ada, ben] = [await clone("Ada", 0.2), await clone("Ben", 0.4)]
    const bens = await store.clonedVoices.get(ownerActor, ben.id)
    const sealed = bens.conditioning?.sealed ?? ""
    for (const wrong of [sealed, sealed.replace(/"data":"..../, '"data":"AAAA'), "nothing"]) {
      await store.clonedVoices.setConditioning(ownerActor, ada.id, { fingerprint: "fake", sealed: wrong })
      cloning = await open()
      await expect(
        (await cloning.voice(ownerActor, ada.id)).synthesize("Hello.", {}, signal),
        wrong.slice(0, 20),
      ).rejects.toMatchObject({ code: "cloning.damaged" })
    }
  })
})
