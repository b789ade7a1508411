import { type InferenceSession, Tensor } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"
import { openSession } from "../onnx/session.ts"

/** Samples of one step at 16 kHz: 80 ms. */
export const stepSamples = 1280
/** Samples before a step that its spectra see again. */
const contextSamples = 480
/** Mel bands of one spectrum, and how many spectra one embedding sees: 775 ms. */
const bands = 32
const spectra = 76
/** Floats of one embedding. */
export const embeddingWidth = 96
/** Embeddings that a head sees: with what they see, the last two seconds. */
export const windowSteps = 16
/** The networks were made for 16-bit samples. */
const fullScale = 32_768
/** Steps of silence after which nothing is left of how a stream began. */
const stepsToForget = windowSteps + Math.ceil(spectra / 8) + 1

/** The two feature networks of openWakeWord (Apache-2.0; the second one is Google's speech embedding). One thread, some 2 ms a step. */
export interface WakeFeatures {
  /** As if it had been silent until now. */
  start(): WakeState
  /** Takes any number of samples; calls back with `windowSteps` × `embeddingWidth` floats, oldest first, for every completed step. */
  push(state: WakeState, samples: Float32Array, onStep: (window: Float32Array) => Promise<void>): Promise<void>
  release(): Promise<void>
}

export interface WakeState {
  /** The context followed by the step being filled, at 16-bit scale. */
  heard: Float32Array
  filled: number
  /** The last spectra, oldest first. */
  spectra: Float32Array
  /** The last embeddings, oldest first. */
  window: Float32Array
}

/** Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function loadWakeFeatures(files: { melPath: string; embeddingPath: string }): Promise<WakeFeatures> {
  const mel = await openSession(files.melPath, { threads: 1, inputs: ["input"] })
  const embedding = await openSession(files.embeddingPath, { threads: 1, inputs: ["input_1"] }).catch(async (error) => {
    await mel.release()
    throw error
  })
  const silent: WakeState = {
    heard: new Float32Array(contextSamples + stepSamples),
    filled: 0,
    spectra: new Float32Array(spectra * bands),
    window: new Float32Array(windowSteps * embeddingWidth),
  }
  for (let step = 0; step < stepsToForget; step++) await runStep(mel, embedding, silent)

  return {
    start: () => ({
      heard: silent.heard.slice(),
      filled: 0,
      spectra: silent.spectra.slice(),
      window: silent.window.slice(),
    }),
    async push(state, samples, onStep) {
      for (let at = 0; at < samples.length; ) {
        const taken = Math.min(stepSamples - state.filled, samples.length - at)
        for (let index = 0; index < taken; index++)
          state.heard[contextSamples + state.filled + index] = (samples[at + index] ?? 0) * fullScale
        state.filled += taken
        at += taken
        if (state.filled < stepSamples) break
        state.filled = 0
        await runStep(mel, embedding, state)
        await onStep(state.window)
      }
    },
    async release() {
      await mel.release()
      await embedding.release()
    },
  }
}

async function runStep(mel: InferenceSession, embedding: InferenceSession, state: WakeState): Promise<void> {
  const heard = await mel.run({ input: new Tensor("float32", state.heard, [1, state.heard.length]) })
  // Decibels come as the embedding's network expects them: a tenth, and two more.
  const added = floatsOf(heard.output).map((decibels) => decibels / 10 + 2)
  append(state.spectra, added)
  state.heard.copyWithin(0, stepSamples)
  const seen = await embedding.run({ input_1: new Tensor("float32", state.spectra, [1, spectra, bands, 1]) })
  append(state.window, floatsOf(seen.conv2d_19))
}

function floatsOf(output: Tensor | undefined): Float32Array {
  if (output?.data instanceof Float32Array) return output.data
  throw new AppError("model.incompatible", "The wake word's network answers in another way than expected.", {
    remedy: "Choose a model from `zenglow models list`.",
  })
}

/** The oldest goes, the newest comes last. */
function append(kept: Float32Array, added: Float32Array): void {
  kept.copyWithin(0, added.length)
  kept.set(added, kept.length - added.length)
}
