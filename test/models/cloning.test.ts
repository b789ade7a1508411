import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createXtts } from "#engines/onnx/xtts/createXtts.ts"
import { createCampplus } from "#engines/speech/campplus.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { type Cloning, createCloning } from "#voice/cloning/cloning.ts"
import type { VoiceSample } from "#voice/cloning/voiceSample.ts"
import { campplusPath, modelsDir, moonshineFiles, sileroPath } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"

const signal = new AbortController().signal
const hibariDir = join(modelsDir, "hibari-heart")
const isReady = [campplusPath, sileroPath, moonshineFiles.encoderPath, hibariDir].every((path) => existsSync(path))
const manifestPath = fileURLToPath(new URL("../fixtures/xtts/xtts.json", import.meta.url))
const script =
  "When the sun rises over the harbour, the first boats are already on their way. My grandmother used to say that the sea has a good memory."

/** A synthetic voice stands for the person; a reader of public-domain books for somebody else. The cloning model is a small random one. */
describe.skipIf(!isReady)("cloning with the real ears", () => {
  let speechHost: ReturnType<typeof startSpeechHost>
  let onnx: ReturnType<typeof createHostClient<OnnxContract>>
  let cloning: Cloning
  let say: (text: string) => Promise<VoiceSample>
  let reader: VoiceSample
  beforeAll(async () => {
    speechHost = startSpeechHost()
    onnx = createHostClient<OnnxContract>({
      name: "onnx",
      adapter: createForkAdapter({ entry: new URL("../../main/engines/onnx/entry.ts", import.meta.url) }),
      log: silentLogger,
      concurrency: 2,
    })
    const { client, vad, stt } = speechHost
    const encoder = createCampplus({
      client,
      model: { id: "campplus-zh-en", modelPath: campplusPath, sha256: "0".repeat(64) },
    })
    const cloner = createXtts({
      client: onnx,
      model: { id: "local-xtts", name: "XTTS v2", manifestPath, sha256: "1".repeat(64) },
      threads: 1,
      resample,
    })
    cloning = createCloning({
      records: createMemoryStore().clonedVoices,
      sealing: { seal: async (_place, plain) => plain, open: async (_place, sealed) => sealed },
      clock: systemClock,
      encoder: async () => encoder,
      vad: async () => vad,
      speechToText: async () => stt,
      cloner: async () => cloner,
      licenceAcceptedAt: async () => 1,
    })
    const hibari = createHibari({ client, model: { id: "hibari-heart", dir: hibariDir } })
    const heard = async (samples: Float32Array, sampleRate: number): Promise<VoiceSample> => {
      const quiet = new Float32Array(sampleRate)
      const chunk = { samples: concatSamples([quiet, samples, quiet]), sampleRate }
      return { chunk, listening: await resample(chunk.samples, sampleRate, 16_000) }
    }
    say = async (text) => {
      const { samples, sampleRate } = await hibari.synthesize(text, {}, signal)
      return await heard(samples, sampleRate)
    }
    const books = ["LJ001-0008.flac", "LJ001-0030.opus"].map((name) =>
      readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url)),
    )
    const read = await Promise.all(books.map((bytes) => decodeAudio(bytes, { sampleRate: 16_000 }, signal)))
    reader = await heard(concatSamples(read.map(({ samples }) => samples)), 16_000)
  })
  afterAll(async () => {
    await speechHost.client.stop()
    await onnx.stop()
  })

  it("hears the phrase, takes the voice that read it, refuses another, and speaks in pieces as they come", {
    timeout: 180_000,
  }, async () => {
    const asked = await cloning.ask(ownerActor, "Heart")
    await expect(cloning.give(ownerActor, asked.id, (await say(script)).listening, signal)).rejects.toMatchObject({
      code: "cloning.wrong-phrase",
    })
    expect(await cloning.give(ownerActor, asked.id, (await say(asked.phrase)).listening, signal)).toMatchObject({
      state: "given",
    })
    const request = { consentId: asked.id, language: "en", name: "Heart" }
    await expect(cloning.create(ownerActor, { ...request, sample: reader }, signal)).rejects.toMatchObject({
      code: "cloning.wrong-speaker",
    })
    const mixed = concatSamples([(await say(script)).listening, reader.listening])
    await expect(
      cloning.check({ chunk: { samples: mixed, sampleRate: 16_000 }, listening: mixed }, signal),
    ).rejects.toMatchObject({ code: "speaker.poor-quality" })
    const voice = await cloning.create(ownerActor, { ...request, sample: await say(script) }, signal)
    const spoken = await (await cloning.voice(ownerActor, voice.id)).synthesize("Hello there.", {}, signal)
    expect(spoken.sampleRate).toBe(24_000)
    expect(spoken.samples.length).toBeGreaterThan(256)
    expect(spoken.samples.every(Number.isFinite)).toBe(true)
  })
})
