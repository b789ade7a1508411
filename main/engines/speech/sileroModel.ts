import { type InferenceSession, Tensor } from "onnxruntime-node"
import { openSession } from "../onnx/session.ts"

/** Samples of one frame at 16 kHz: 32 ms. */
export const frameSamples = 512
/** Samples of the frame before that the network sees again. Without them it never fires. */
const contextSamples = 64

/** Silero VAD v6 (MIT). One thread: a frame takes a sixth of a millisecond. */
export interface SileroModel {
  start(): SileroState
  /** Takes any number of samples; returns one probability per frame they complete. */
  push(state: SileroState, samples: Float32Array): Promise<number[]>
  release(): Promise<void>
}

export interface SileroState {
  memory: Tensor
  /** The context followed by the frame being filled. */
  window: Float32Array
  filled: number
}

export async function loadSilero(modelPath: string): Promise<SileroModel> {
  const session = await openSession(modelPath, { threads: 1, inputs: ["input", "state", "sr"] })
  const rate = new Tensor("int64", BigInt64Array.of(16_000n), [])
  return {
    start: () => ({
      memory: new Tensor("float32", new Float32Array(256), [2, 1, 128]),
      window: new Float32Array(contextSamples + frameSamples),
      filled: 0,
    }),
    async push(state, samples) {
      const probabilities: number[] = []
      for (let at = 0; at < samples.length; ) {
        const taken = Math.min(frameSamples - state.filled, samples.length - at)
        state.window.set(samples.subarray(at, at + taken), contextSamples + state.filled)
        state.filled += taken
        at += taken
        if (state.filled === frameSamples) probabilities.push(await runFrame(session, state, rate))
      }
      return probabilities
    },
    release: () => session.release(),
  }
}

async function runFrame(session: InferenceSession, state: SileroState, rate: Tensor): Promise<number> {
  const input = new Tensor("float32", state.window, [1, state.window.length])
  const output = await session.run({ input, state: state.memory, sr: rate })
  state.memory = output.stateN as Tensor
  state.window.copyWithin(0, frameSamples)
  state.filled = 0
  return Number(output.output?.data[0])
}
