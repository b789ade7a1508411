import { hashOfHead, type WakeHeadFile } from "#engines/speech/wakeHead.ts"
import { shape, type Weights } from "./fit.ts"

/** How Moonshine writes the phrase, by what it made of the training's voices: the name is no word that it knows. */
export const spellings = [
  "hey zen glow",
  "hazen glow",
  "haze and glow",
  "hayes anglo",
  "he's in low",
  "hasing low",
  "hey sing low",
  "hey send a little",
]

/** The weights as the product reads them. */
export function headFile(
  weights: Weights,
  { threshold, provenance }: { threshold: number; provenance: Record<string, unknown> },
): WakeHeadFile {
  const text = (values: Float32Array): string =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64")
  const layer = (name: "step" | "whole" | "last") => ({
    ...shape[name],
    weights: text(weights[name].weights),
    biases: text(weights[name].biases),
  })
  const file: WakeHeadFile = {
    format: "zenglow-wake-head-1",
    id: "hey-zenglow",
    phrase: "Hey ZenGlow",
    spellings,
    threshold,
    mean: text(weights.mean),
    scale: text(weights.scale),
    step: layer("step"),
    whole: layer("whole"),
    last: layer("last"),
    sha256: "",
    provenance,
  }
  return { ...file, sha256: hashOfHead(file) }
}
