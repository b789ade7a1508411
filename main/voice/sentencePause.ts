import type { SpeechChunk } from "#engines/types.ts"

/** The same speech, with silence behind it where a sentence ended. Clauses follow each other at once. */
export function withPause(chunk: SpeechChunk, spoken: string, pauseMs: number): SpeechChunk {
  if (pauseMs <= 0 || !/[.!?…。！？]["'”’)]*$/.test(spoken.trim())) return chunk
  const samples = new Float32Array(chunk.samples.length + Math.round((pauseMs * chunk.sampleRate) / 1000))
  samples.set(chunk.samples)
  return { samples, sampleRate: chunk.sampleRate }
}
