/** The conversion thread: turns one published checkpoint into the file an engine loads, then ends. */
import { readFileSync, writeFileSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import { closeNetwork } from "#core/egress/closeNetwork.ts"
import { convertCampplus } from "./campplus.ts"
import { convertWhisperDecoder, convertWhisperEncoder } from "./whisper.ts"

closeNetwork()

/** Conversions by the name the catalogue gives them. Each is deterministic: its output's hash is in the catalogue. */
const conversions: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  campplus: convertCampplus,
  "whisper-encoder": convertWhisperEncoder,
  "whisper-decoder": convertWhisperDecoder,
}

const { by, from, to } = workerData as { by: string; from: string; to: string }
const convert = conversions[by]
if (!convert) throw new Error(`There is no conversion ${by}.`)
writeFileSync(to, convert(new Uint8Array(readFileSync(from))), { flush: true })
parentPort?.postMessage("done")
