import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { ownerActor } from "#core/actor.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { dot } from "#core/dot.ts"
import { createCampplus } from "#engines/speech/campplus.ts"
import type { SpeakerEncoder } from "#engines/types.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { createSpeakers } from "#voice/speakers.ts"
import { campplusPath, sileroPath, testdataDir } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"

const signal = new AbortController().signal
const fixtures = new URL("../fixtures/", import.meta.url)
const decode = async (path: string | URL): Promise<Float32Array> =>
  (await decodeAudio(readFileSync(path), { sampleRate: 16_000 }, signal)).samples

describe.skipIf(!existsSync(campplusPath) || !existsSync(sileroPath))("CAM++ in the speech child", () => {
  let host: ReturnType<typeof startSpeechHost>
  let encoder: SpeakerEncoder
  beforeAll(() => {
    host = startSpeechHost()
    encoder = createCampplus({
      client: host.client,
      model: { id: "campplus-zh-en", modelPath: campplusPath, sha256: "0".repeat(64) },
    })
  })
  afterAll(() => host.client.stop())

  const speakers = () =>
    createSpeakers({
      profiles: createMemoryStore().voiceProfiles,
      encoder: async () => encoder,
      vad: async () => host.vad,
      seal: async (plain) => plain,
      open: async (sealed) => sealed,
    })

  it("puts two recordings of one reader together, and another speaker apart", async () => {
    const [one, two, other] = await Promise.all([
      decode(new URL("audio/LJ001-0008.flac", fixtures)),
      decode(new URL("audio/LJ001-0030.opus", fixtures)),
      decode(new URL("speech/main-valve.opus", fixtures)),
    ])
    const [first, second, third] = await Promise.all([one, two, other].map((clip) => encoder.embed(clip, signal)))
    expect(dot(first as Float32Array, first as Float32Array)).toBeCloseTo(1, 4)
    expect(dot(first as Float32Array, second as Float32Array)).toBeGreaterThan(0.5)
    expect(dot(first as Float32Array, third as Float32Array)).toBeLessThan(0.4)
  })

  it("refuses a clip that is too short to tell a voice by", async () => {
    await expect(encoder.embed(new Float32Array(4000), signal)).rejects.toMatchObject({ code: "speaker.too-short" })
  })

  it("takes two people who speak at once for one of them, or for nobody, and never for a third", async () => {
    const voices = speakers()
    const joe = await Promise.all(
      ["water-filter", "warranty", "oven-clean"].map((name) => decode(new URL(`speech/${name}.opus`, fixtures))),
    )
    await voices.enroll(ownerActor, { name: "Joe", recordings: joe, hasConsent: true }, signal)
    const linda = await decode(new URL("audio/LJ001-0030.opus", fixtures))
    const man = concatSamples(
      await Promise.all(["red-light", "main-valve"].map((name) => decode(new URL(`speech/${name}.opus`, fixtures)))),
    )
    const heard = async (samples: Float32Array) => await voices.identify(ownerActor, samples, signal)
    const alone = await heard(man)
    expect(alone.identified?.name).toBe("Joe")
    const both = await heard(man.map((sample, at) => 0.6 * (sample + (linda[at] ?? 0))))
    expect(both.similarity, "less sure than of one voice").toBeLessThan(alone.similarity)
    expect(["Joe", undefined]).toContain(both.identified?.name)
    expect((await heard(linda)).identified).toBeNull()
  })

  const folder = testdataDir()
  it.skipIf(!folder)("knows six people again and lets no stranger be one of them", { timeout: 400_000 }, async () => {
    const known = speakers()
    const root = join(folder ?? "", "speakers")
    const names = readdirSync(join(root, "known"))
    const trials: { name: string; samples: Float32Array }[] = []
    for (const name of names) {
      const clips = readdirSync(join(root, "known", name)).sort()
      const samples = await Promise.all(clips.map((clip) => decode(join(root, "known", name, clip))))
      await known.enroll(ownerActor, { name, recordings: samples.slice(0, 3), hasConsent: true }, signal)
      for (const clip of samples.slice(3)) trials.push({ name, samples: clip.slice(0, 4 * 16_000) })
    }
    const wrong: string[] = []
    let refused = 0
    for (const { name, samples } of trials) {
      const { identified } = await known.identify(ownerActor, samples, signal)
      if (identified === null) refused++
      else if (identified.name !== name) wrong.push(`${name} taken for ${identified.name}`)
    }
    let letIn = 0
    const strangers = readdirSync(join(root, "cohort"))
    for (const clip of strangers) {
      const samples = (await decode(join(root, "cohort", clip))).slice(0, 4 * 16_000)
      if ((await known.identify(ownerActor, samples, signal)).identified) letIn++
    }
    expect(wrong).toEqual([])
    expect(refused / trials.length).toBeLessThanOrEqual(0.02)
    expect(letIn / strangers.length).toBeLessThanOrEqual(0.05)
  })
})
