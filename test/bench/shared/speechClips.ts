import { readFileSync } from "node:fs"
import { join } from "node:path"
import { decodeAudio } from "#audio/decodeAudio.ts"

export interface SpeechClip {
  set: "ljspeech" | "harvard" | "other"
  name: string
  /** What is said in it. */
  reference: string
  /** 16 kHz mono. */
  samples: Float32Array
  seconds: number
}

/** The recordings with transcripts beside the project, one after another. */
export async function* speechClips(folder: string, signal: AbortSignal): AsyncGenerator<SpeechClip> {
  for (const [set, extension] of [
    ["ljspeech", ".flac"],
    ["harvard", ".wav"],
    ["other", ""],
  ] as const)
    for (const line of readFileSync(join(folder, "speech", set, "transcripts.tsv"), "utf8")
      .trim()
      .split("\n")) {
      const [name = "", reference = ""] = line.split("\t")
      const bytes = readFileSync(join(folder, "speech", set, name + extension))
      const { samples, durationMs } = await decodeAudio(bytes, { sampleRate: 16_000 }, signal)
      yield { set, name, reference, samples, seconds: durationMs / 1000 }
    }
}
