import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { SpeechToText, Vad } from "../types.ts"
import type { Decoded, MoonshineFiles, SpeechContract } from "./contract.ts"
import { createTranscriptGatherer } from "./transcriptGatherer.ts"
import { utterances } from "./utterances.ts"

export interface MoonshineOptions {
  client: EngineClient<SpeechContract>
  model: { id: string } & MoonshineFiles
  /** Decides what is speech at all: on silence, noise and tones the network itself says "You". */
  vad: Vad
}

const samplesPerMs = 16
/** One or two tokens below this are an answer to no speech; real words lie above −.3. */
const shortResultFloor = -0.5
/** Longer results below this are noise that looked like speech to the detector. */
const anyResultFloor = -1.2

/** Moonshine tiny-en in the speech child. A buffer that grows from call to call is decoded from the words already found. */
export function createMoonshine({ client, model, vad }: MoonshineOptions): SpeechToText {
  const { id, ...files } = model
  const hosted = createHostedModel(client, {
    load: (signal) => client.request("stt.load", { files }, { signal }),
    unload: (signal) => client.request("stt.unload", null, { signal }),
  })
  const drafts = createDrafts()

  const decode = async (samples: Float32Array, signal: AbortSignal): Promise<Decoded> => {
    const draft = drafts.find(samples)
    const decoded = await hosted.use(signal, () =>
      client.request("stt.transcribe", { files, samples, draft }, { signal }),
    )
    drafts.keep(samples, decoded.tokens)
    return decoded
  }

  return {
    modelId: id,
    isFallback: false,
    loadState: hosted.loadState,
    async load(signal) {
      await Promise.all([vad.load(signal), hosted.load(signal)])
    },
    unload: hosted.unload,
    async transcribe(samples, { onSegment }, signal) {
      const regions = await vad.regions(samples, signal)
      const gathered = createTranscriptGatherer(regions, onSegment)
      for (const { start, end } of utterances(samples, regions)) {
        signal.throwIfAborted()
        const decoded = await decode(samples.slice(start, end), signal)
        if (!isSpeech(decoded)) continue
        gathered.add({
          segments: [{ startMs: start / samplesPerMs, endMs: end / samplesPerMs, text: decoded.text }],
          tokenCount: decoded.tokens.length,
          meanLogProbability: decoded.meanLogProbability,
        })
      }
      return gathered.transcript("en")
    },
  }
}

function isSpeech({ text, tokens, meanLogProbability }: Decoded): boolean {
  if (!/[\p{L}\p{N}]/u.test(text)) return false
  return meanLogProbability >= (tokens.length <= 2 ? shortResultFloor : anyResultFloor)
}

const draftsKept = 4
const probes = 32

/** Remembers the last few decodes, to start from one whose audio is the beginning of the new audio. */
function createDrafts() {
  const kept: { length: number; probe: number[]; tokens: number[] }[] = []
  const probe = (samples: Float32Array, length: number): number[] =>
    Array.from({ length: probes }, (_, index) => samples[Math.floor((index * (length - 1)) / (probes - 1))] ?? 0)

  return {
    find(samples: Float32Array): number[] {
      const older = kept.find(
        (draft) =>
          draft.length <= samples.length &&
          probe(samples, draft.length).every((value, index) => value === draft.probe[index]),
      )
      return older?.tokens ?? []
    },
    keep(samples: Float32Array, tokens: number[]): void {
      kept.unshift({ length: samples.length, probe: probe(samples, samples.length), tokens })
      kept.length = Math.min(kept.length, draftsKept)
    },
  }
}
