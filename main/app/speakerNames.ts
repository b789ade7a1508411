import type { Actor } from "#core/actor.ts"
import type { TranscriptSegment } from "#engines/types.ts"
import type { Speakers } from "#voice/speakers.ts"

const samplesPerMs = 16
/** A voice is judged by this much of a segment at most: more says nothing new and costs time. */
const longestMs = 8000

/** `speakerNames` with the voices that are known here. */
export type NamesOf = (
  actor: Actor,
  samples: Float32Array,
  segments: readonly Pick<TranscriptSegment, "startMs" | "endMs">[],
  signal: AbortSignal,
) => Promise<readonly (string | null)[]>

/** Whose voice each segment of a recording was; null: nobody who is known. Empty where no voices are known at all. */
export async function speakerNames(
  speakers: Pick<Speakers, "recognize">,
  actor: Actor,
  samples: Float32Array,
  segments: readonly Pick<TranscriptSegment, "startMs" | "endMs">[],
  signal: AbortSignal,
): Promise<(string | null)[]> {
  const names: (string | null)[] = []
  for (const { startMs, endMs } of segments) {
    signal.throwIfAborted()
    const stretch = samples.slice(startMs * samplesPerMs, Math.min(endMs, startMs + longestMs) * samplesPerMs)
    const heard = await speakers.recognize(actor, stretch, signal)
    // Too short to tell, or nobody was ever enrolled: the first segment of some length decides which.
    if (heard === null && names.every((name) => name === null) && endMs - startMs >= 3000) return []
    names.push(heard?.identified?.name ?? null)
  }
  return names
}
