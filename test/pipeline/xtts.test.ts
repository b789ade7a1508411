import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { cleanText } from "#engines/onnx/xtts/cleanText.ts"
import { interpolate } from "#engines/onnx/xtts/interpolate.ts"
import { readTables } from "#engines/onnx/xtts/manifest.ts"
import { drawToken, likeliestToken, tokenChances } from "#engines/onnx/xtts/sampling.ts"
import { conditioningFrames, speakerFrames } from "#engines/onnx/xtts/xttsMel.ts"
import { loadXtts, type XttsConditioning, type XttsModel } from "#engines/onnx/xtts/xttsModel.ts"
import { piecesForXtts, readXttsTokens, type XttsTokens } from "#engines/onnx/xtts/xttsTokens.ts"
import { createRandom } from "../fakes/random.ts"

/**
 * A small model of XTTS's own classes with random weights, and what coqui-tts computes with it: models/export/xtts/parity.py made both.
 */
const folder = new URL("../fixtures/xtts/", import.meta.url)
const manifestPath = fileURLToPath(new URL("xtts.json", folder))
const packed = z.object({ shape: z.array(z.number()), data: z.string() })
const golden = z
  .object({
    mel: packed,
    conditioning: packed,
    energies: packed,
    speaker: packed,
    text: z.object({ ids: z.array(z.number()) }),
    path: z.array(z.number()),
    logits: packed,
    latents: packed,
    wave: packed,
    fasterWave: packed,
    sampling: z.object({ scores: packed, seen: z.array(z.number()), probabilities: packed }),
    greedy: z.array(z.number()),
    texts: z.array(z.object({ language: z.string(), text: z.string(), clean: z.string(), ids: z.array(z.number()) })),
  })
  .parse(JSON.parse(await readFile(new URL("golden.json", folder), "utf8")))
const values = ({ data }: z.infer<typeof packed>): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(data, "base64")).buffer)

const signal = new AbortController().signal
/** The glide with overtones that parity.py makes too. */
const glide = (seconds: number, rate: number): Float32Array =>
  Float32Array.from({ length: Math.floor(seconds * rate) }, (_, n) => {
    const t = n / rate
    const phase = 2 * Math.PI * (140 * t + 12 * t * t)
    let wave = 0
    for (let k = 1; k < 9; k++) wave += Math.sin(k * phase) / k
    return wave * (0.6 + 0.4 * Math.sin(2 * Math.PI * 3 * t)) * 0.2
  })
const furthest = (ours: ArrayLike<number>, theirs: Float32Array): number => {
  expect(ours.length).toBe(theirs.length)
  let most = 0
  for (let n = 0; n < theirs.length; n++) most = Math.max(most, Math.abs((ours[n] as number) - (theirs[n] as number)))
  return most
}
const loudest = (theirs: Float32Array): number => theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

let model: XttsModel
let tokens: XttsTokens
let made: XttsConditioning
beforeAll(async () => {
  model = await loadXtts(manifestPath, 1)
  tokens = await readXttsTokens(fileURLToPath(new URL("vocab.json", folder)))
  made = { latents: values(golden.conditioning), speaker: values(golden.speaker) }
})
afterAll(() => model.release())

/** Feeds tokens instead of drawing them. */
const along = async (path: readonly number[]) => {
  const all: { latents: Float32Array[]; logits: Float32Array[]; tokens: number[] } = {
    latents: [],
    logits: [],
    tokens: [],
  }
  let next = 0
  const choose = () => path[next++] ?? model.manifest.stopSound
  for await (const { token, latent, logits } of model.generate(golden.text.ids, made, choose, signal)) {
    all.latents.push(latent)
    all.logits.push(logits)
    all.tokens.push(token)
  }
  return all
}
const flat = (rows: readonly Float32Array[]): number[] => rows.flatMap((row) => [...row])
const soundOf = async (latents: Float32Array, rate: number, perTake: number): Promise<number[]> => {
  const vocoder = model.vocoder(made.speaker, rate)
  const out: number[] = []
  const { width } = model.manifest
  for (let row = 0; row * width < latents.length; row++) {
    vocoder.push(latents.slice(row * width, (row + 1) * width))
    if ((row + 1) % perTake === 0) out.push(...(await vocoder.take()))
  }
  return [...out, ...(await vocoder.end())]
}

describe("XTTS beside the original, stage by stage", () => {
  it("makes the same mel of a sample, for the transformer and for the speaker encoder", async () => {
    const { melScale } = await readTables(manifestPath, model.manifest)
    const mel = conditioningFrames(glide(7.3, 22_050).subarray(0, 44_100), melScale.row(0))
    expect(furthest(mel.values, values(golden.mel))).toBeLessThan(5e-4)
    const energies = values(golden.energies)
    expect(furthest(speakerFrames(glide(2, 16_000)).values, energies) / loudest(energies)).toBeLessThan(1e-5)
  })

  it("makes the same latents and the same speaker of it", async () => {
    const { latents, speaker } = await model.condition(glide(7.3, 22_050), glide(2, 16_000))
    expect(furthest(latents, values(golden.conditioning))).toBeLessThan(1e-4)
    expect(furthest(speaker, values(golden.speaker))).toBeLessThan(1e-4)
  })

  it("gives the same logits and latents along a fixed path, one token at a time with cached keys and values", async () => {
    const { latents, logits, tokens: taken } = await along(golden.path)
    expect(taken).toEqual([...golden.path, model.manifest.stopSound])
    expect(furthest(flat(logits), values(golden.logits))).toBeLessThan(1e-4)
    expect(furthest(flat(latents), values(golden.latents))).toBeLessThan(1e-4)
  })

  it("takes the same tokens as the original when it takes the likeliest", async () => {
    const taken: number[] = []
    const choose = (logits: Float32Array, seen: ReadonlySet<number>) =>
      likeliestToken(logits, seen, model.manifest.sampling.repetitionPenalty)
    for await (const { token } of model.generate(golden.text.ids, made, choose, signal)) {
      taken.push(token)
      if (taken.length === golden.greedy.length) break
    }
    expect(taken).toEqual(golden.greedy)
  })

  it("weighs the next token as the original does", () => {
    const { scores, seen, probabilities } = golden.sampling
    const options = { temperature: 0.75, topK: 50, topP: 0.85, repetitionPenalty: 10 }
    const chances = tokenChances(values(scores), new Set(seen), options)
    expect(furthest(chances, values(probabilities))).toBeLessThan(1e-6)
    const random = createRandom(5)
    const drawn = new Map<number, number>()
    for (let n = 0; n < 20_000; n++) {
      const token = drawToken(chances, random)
      drawn.set(token, (drawn.get(token) ?? 0) + 1)
    }
    for (const [token, chance] of chances.entries())
      expect(Math.abs((drawn.get(token) ?? 0) / 20_000 - chance), `token ${token}`).toBeLessThan(0.015)
  })

  it("makes the same sound, and the very same in one go and in pieces while tokens come", async () => {
    const wave = values(golden.wave)
    const whole = await soundOf(values(golden.latents), 1, 1000)
    expect(furthest(whole, wave) / loudest(wave)).toBeLessThan(5e-5)
    for (const perTake of [5, 1]) {
      const pieces = Float32Array.from(await soundOf(values(golden.latents), 1, perTake))
      expect(furthest(whole, pieces) / loudest(wave), `${perTake} tokens at a time`).toBeLessThan(5e-5)
    }
  })

  it("speaks faster as the original does", async () => {
    const wave = values(golden.fasterWave)
    for (const perTake of [1000, 4])
      expect(furthest(await soundOf(values(golden.latents), 1.25, perTake), wave) / loudest(wave)).toBeLessThan(5e-5)
  })

  it.each(golden.texts)("reads $language as the original: $text", ({ language, text, clean, ids }) => {
    expect(cleanText(text, language)).toBe(clean)
    expect(tokens.encode(text, language)).toEqual(ids)
  })
})

describe("speech by a model", () => {
  it("stops between tokens when nobody wants it any more", async () => {
    const stop = new AbortController()
    const steps = model.generate(golden.text.ids, made, () => 5, stop.signal)
    await steps.next()
    stop.abort(new Error("enough"))
    await expect(steps.next()).rejects.toThrow("enough")
  })

  it("ends at the model's limit when no stop comes", async () => {
    let count = 0
    for await (const _step of model.generate(golden.text.ids, made, () => 5, signal)) count++
    expect(count).toBe(model.manifest.mostSoundTokens)
  })

  it("cuts a long text at pauses and keeps every word", () => {
    const text = `${"one two three four five, ".repeat(30)}end.`
    const pieces = piecesForXtts(text)
    expect(pieces.every((piece) => piece.length <= 160)).toBe(true)
    expect(pieces.join(" ")).toBe(text)
    expect(piecesForXtts("a".repeat(400)).join("")).toBe("a".repeat(400))
  })

  it("changes the length of rows as asked", () => {
    expect([...interpolate({ values: Float32Array.of(0, 1, 2, 3), width: 1 }, 2).values]).toEqual([
      0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3,
    ])
  })
})
