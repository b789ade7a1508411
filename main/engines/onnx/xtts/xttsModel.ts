import { dirname, join } from "node:path"
import { type InferenceSession, Tensor } from "onnxruntime-node"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import { openSession } from "../session.ts"
import { readManifest, readTables, type XttsManifest, type XttsTable } from "./manifest.ts"
import { createVocoder, type Vocoder } from "./vocoder.ts"
import { conditioningFrames, speakerFrames } from "./xttsMel.ts"

/** What the model makes of a sample: what the transformer reads before the text, and what the vocoder is told of the speaker. */
export interface XttsConditioning {
  latents: Float32Array
  speaker: Float32Array
}

/** Chooses the next sound token. `seen` are those that came before. */
export type ChooseToken = (logits: Float32Array, seen: ReadonlySet<number>) => number

/** XTTS v2 (arXiv 2406.04904) as models/export/xtts writes it. */
export interface XttsModel {
  readonly manifest: XttsManifest
  /** The same sample at 22,050 Hz and at 16 kHz. */
  condition(sample: Float32Array, listening: Float32Array): Promise<XttsConditioning>
  /**
   * Latents of a text, one per sound token. They are the hidden states that chose each token: the original reads them off a second pass
   * over the finished tokens, which gives the same numbers. Ends with the model's stop token or its limit. Also gives the logits.
   */
  generate(
    text: readonly number[],
    conditioning: XttsConditioning,
    choose: ChooseToken,
    signal: AbortSignal,
  ): AsyncGenerator<{ token: number; latent: Float32Array; logits: Float32Array }, void>
  /** Makes sound of latents as they come. `rate` 1 is normal speed. */
  vocoder(speaker: Float32Array, rate: number): Vocoder
  release(): Promise<void>
}

/** Shorter pieces of a sample say nothing. */
const leastSampleSeconds = 0.33
const sampleRate = 22_050
const listenRate = 16_000
/** What stands before the text in the original's list of tokens: its repetition penalty counts it as said. */
const placeholderToken = 1

/** Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function loadXtts(manifestPath: string, threads: number): Promise<XttsModel> {
  const manifest = await readManifest(manifestPath)
  const tables = await readTables(manifestPath, manifest)
  const opened: InferenceSession[] = []
  const open = async (name: string, inputs: string[]): Promise<InferenceSession> => {
    const session = await openSession(join(dirname(manifestPath), name), { threads, inputs, keepsArena: false })
    opened.push(session)
    return session
  }
  const release = async (): Promise<void> => {
    for (const session of opened) await session.release()
  }
  try {
    const conditioning = await open("conditioning.onnx", ["mel"])
    const speaker = await open("speaker.onnx", ["mel"])
    const transformer = await open("transformer.onnx", ["embeddings", "past.key.0"])
    const decoder = await open("decoder.onnx", ["latents", "speaker"])
    return {
      manifest,
      condition: async (sample, listening) => ({
        latents: await averageLatents(conditioning, sample, manifest, tables.melScale.row(0)),
        speaker: await embedSpeaker(speaker, listening, manifest),
      }),
      generate: (text, made, choose, signal) =>
        generate({ transformer, manifest, tables }, text, made.latents, choose, signal),
      vocoder: (speakerVector, rate) => createVocoder(decoder, manifest, speakerVector, rate),
      release,
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** The sample in pieces of a few seconds; what they give is averaged. */
async function averageLatents(
  session: InferenceSession,
  sample: Float32Array,
  { sampleSeconds, chunkSeconds }: XttsManifest,
  scale: Float32Array,
): Promise<Float32Array> {
  const used = sample.subarray(0, sampleSeconds * sampleRate)
  const pieces: Float32Array[] = []
  for (let at = 0; at < used.length; at += chunkSeconds * sampleRate) {
    const piece = used.subarray(at, at + chunkSeconds * sampleRate)
    if (piece.length < leastSampleSeconds * sampleRate) continue
    const { values, bins, frames } = conditioningFrames(piece, scale)
    const { latents } = await session.run({ mel: new Tensor("float32", values, [1, bins, frames]) })
    pieces.push(Float32Array.from(latents?.data as Float32Array))
  }
  const [first] = pieces
  if (!first)
    throw new AppError("speaker.too-short", "There is too little speech to copy a voice from.", {
      remedy: "Record at least three seconds.",
    })
  return first.map((_, index) => pieces.reduce((sum, piece) => sum + (piece[index] as number), 0) / pieces.length)
}

async function embedSpeaker(
  session: InferenceSession,
  listening: Float32Array,
  { speakerSeconds }: XttsManifest,
): Promise<Float32Array> {
  const { values, bins, frames } = speakerFrames(listening.subarray(0, speakerSeconds * listenRate))
  const { embedding } = await session.run({ mel: new Tensor("float32", values, [1, bins, frames]) })
  return Float32Array.from(embedding?.data as Float32Array)
}

interface Generator {
  transformer: InferenceSession
  manifest: XttsManifest
  tables: Record<keyof XttsManifest["tables"], XttsTable>
}

async function* generate(
  { transformer, manifest, tables }: Generator,
  text: readonly number[],
  latents: Float32Array,
  choose: ChooseToken,
  signal: AbortSignal,
): AsyncGenerator<{ token: number; latent: Float32Array; logits: Float32Array }, void> {
  const { width, heads, layers, startText, stopText, startSound, stopSound, mostTextTokens, mostSoundTokens } = manifest
  if (text.length >= mostTextTokens)
    throw new AppError("request.too-large", "This sentence is too long for the voice model.", {
      remedy: "Say it in shorter sentences.",
    })
  const spoken = [startText, ...text, stopText].map((token, place) =>
    sum(tables.text.row(token), tables.textPlace.row(place)),
  )
  const soundRow = (token: number, place: number): Float32Array =>
    sum(tables.sound.row(token), tables.soundPlace.row(place))
  let embeddings = concatSamples([latents, ...spoken, soundRow(startSound, 0)])
  let past: Record<string, Tensor> = {}
  for (let layer = 0; layer < layers; layer++)
    for (const kind of ["key", "value"])
      past[`past.${kind}.${layer}`] = new Tensor("float32", new Float32Array(0), [1, heads, 0, width / heads])
  const seen = new Set([placeholderToken, startSound])

  for (let place = 1; place <= mostSoundTokens; place++) {
    signal.throwIfAborted()
    const rows = embeddings.length / width
    const output = await transformer.run({ ...past, embeddings: new Tensor("float32", embeddings, [1, rows, width]) })
    past = {}
    for (const [name, tensor] of Object.entries(output))
      if (name.startsWith("present.")) past[name.replace("present.", "past.")] = tensor as Tensor
    const logits = lastRow(output.logits as Tensor)
    const token = choose(logits, seen)
    yield { token, latent: lastRow(output.latents as Tensor), logits }
    if (token === stopSound) return
    seen.add(token)
    if (place < tables.soundPlace.rows) embeddings = soundRow(token, place)
    else return
  }
}

function lastRow({ data, dims }: Tensor): Float32Array {
  const width = dims.at(-1) ?? 0
  return Float32Array.from((data as Float32Array).subarray(-width))
}

const sum = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, index) => value + (b[index] as number))
