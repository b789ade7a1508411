import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Fetches the models that the tests run, through the product's own command. What cannot be had is reported by the tests as skipped. */
const models = [
  "silero-vad-v6",
  "moonshine-tiny-en",
  "whisper-tiny-en",
  "hibari-heart",
  "all-minilm-l6-v2",
  "campplus-zh-en",
  "smart-turn-v3.2",
  "wake-features",
  "tesseract-eng",
  "smollm2-135m-instruct-q4_1",
  "qwen2.5-coder-1.5b-instruct-q4_k_m",
]
const cli = fileURLToPath(new URL("../dist/cli.mjs", import.meta.url))

for (const model of models) {
  const { status } = spawnSync(process.execPath, [cli, "models", "pull", model], {
    stdio: ["ignore", "ignore", "inherit"],
  })
  if (status !== 0) process.stderr.write(`${model} could not be fetched: the tests that need it are skipped.\n`)
}
