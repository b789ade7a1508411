import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { loadConfig } from "#core/config.ts"

/** The product's models directory, wherever this machine has it. */
export const modelsDir = loadConfig({}, process.env).modelsDir

export const modelFile = (model: string, file: string): string => join(modelsDir, model, file)

/** Recordings and collections beside the project, or null: what needs them says "not run". */
export function testdataDir(): string | null {
  const folder = process.env.ZENGLOW_TESTDATA ?? fileURLToPath(new URL("../../../shared/testdata", import.meta.url))
  return existsSync(folder) ? folder : null
}

export const moonshineFiles = {
  encoderPath: modelFile("moonshine-tiny-en", "encoder_model.ort"),
  decoderPath: modelFile("moonshine-tiny-en", "decoder_model_merged.ort"),
  tokenizerPath: modelFile("moonshine-tiny-en", "tokenizer.bin"),
}
export const whisperFiles = (model: "whisper-tiny-en" | "whisper-base") => ({
  encoderPath: modelFile(model, "encoder.onnx"),
  decoderPath: modelFile(model, "decoder.onnx"),
  tokenizerPath: modelFile(model, "tokenizer.json"),
  configPath: modelFile(model, "config.json"),
  threads: 1,
})
export const sileroPath = modelFile("silero-vad-v6", "silero_vad_v6.onnx")
export const smartTurnPath = modelFile("smart-turn-v3.2", "smart-turn-v3.2-cpu.onnx")
export const wakeFiles = {
  melPath: modelFile("wake-features", "melspectrogram.onnx"),
  embeddingPath: modelFile("wake-features", "embedding_model.onnx"),
  headPath: fileURLToPath(new URL("../../models/wake/hey-zenglow.json", import.meta.url)),
}
export const campplusPath = modelFile("campplus-zh-en", "campplus.onnx")
export const miniLmFiles = {
  modelPath: modelFile("all-minilm-l6-v2", "all-minilm-l6-v2.onnx"),
  tokenizerPath: modelFile("all-minilm-l6-v2", "all-minilm-l6-v2-tokenizer.json"),
}
