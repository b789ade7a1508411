import { join } from "node:path"
import { type InferenceSession, Tensor } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"
import { openSession } from "../../onnx/session.ts"
import type { VoiceModel } from "../voiceModel.ts"
import { loadEnglishVoice } from "./englishVoice.ts"
import { sampleRate, synthesizeWave } from "./synthesizeWave.ts"

/**
 * Loads the pronunciation data and the two networks of a Hibari voice, which speaks at 24 kHz on one thread.
 *
 * @param dir Folder of the `hibari-heart` catalog entry. @param voiceFile The voice's network in it.
 * Throws `model.missing`, `model.corrupt` or `model.incompatible`.
 */
export async function loadHibari(dir: string, voiceFile: string): Promise<VoiceModel> {
  return loadEnglishVoice(dir, {
    sampleRate,
    openNetwork: () => openSession(join(dir, voiceFile), { threads: 1, inputs: ["ids", "speed"] }),
    speaker:
      (network, { rate }) =>
      (ids) =>
        runNetwork(network, ids, rate),
  })
}

async function runNetwork(network: InferenceSession, ids: readonly number[], rate: number): Promise<Float32Array> {
  const output = await network.run({
    ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    speed: new Tensor("float32", Float32Array.of(rate), [1]),
  })
  const [harmonicLog, harmonicPhase, noiseLog, freeLog, freePhase, pitch] = network.outputNames.map((name) => {
    const data = output[name]?.data
    if (data instanceof Float32Array) return data
    throw new AppError("model.incompatible", `The voice's output ${name} is of another kind.`, {
      remedy: "Choose a voice from `zenglow models list`.",
    })
  })
  if (!harmonicLog || !harmonicPhase || !noiseLog || !freeLog || !freePhase || !pitch)
    throw new AppError("model.incompatible", "The voice's network has too few outputs.", {
      remedy: "Choose a voice from `zenglow models list`.",
    })
  const spectra = { frames: pitch.length, harmonicLog, harmonicPhase, noiseLog, freeLog, freePhase, pitch }
  // A fixed seed: the same sentence always sounds the same.
  return synthesizeWave(spectra, ids.length)
}
