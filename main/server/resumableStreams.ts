import { newId } from "#core/ids.ts"
import type { StreamItem } from "./handlers.ts"

/** What a stream that can go on after a break is made of. */
export interface ResumableSource<T extends { phase: string }> {
  /** Produces the stream from its start. `streamId` is the same as before the break. */
  run(streamId: string): AsyncIterable<T>
  /** Joins a new run to what was sent before; yields only what the client lacks. */
  join(sent: readonly T[], fresh: AsyncIterable<T>): AsyncIterable<T>
}

/**
 * Streams by what was asked for. Work ends with its client; who asks the same with `Last-Event-ID` gets what it missed, and the work is
 * done again for the rest. What nobody came back for within a minute is dropped: the stream then begins anew.
 */
export interface ResumableStreams {
  /** `key` names person and request; `afterId` is the last event the client has, null for none. */
  open<T extends { phase: string }>(
    key: string,
    afterId: number | null,
    source: ResumableSource<T>,
  ): AsyncGenerator<StreamItem<T>>
}

const keptMs = 60_000
const keptStreams = 64

interface Kept {
  streamId: string
  sent: { phase: string }[]
  isComplete: boolean
  leftAt: number
}

export function createResumableStreams(clock: { monotonic(): number }): ResumableStreams {
  const streams = new Map<string, Kept>()

  const drop = (): void => {
    const oldest = clock.monotonic() - keptMs
    for (const [key, { leftAt }] of streams) if (leftAt < oldest) streams.delete(key)
    for (const key of [...streams.keys()].slice(0, Math.max(0, streams.size - keptStreams))) streams.delete(key)
  }

  return {
    async *open<T extends { phase: string }>(key: string, afterId: number | null, source: ResumableSource<T>) {
      drop()
      const known = afterId === null ? undefined : streams.get(key)
      const isKnown = known !== undefined && afterId !== null && afterId < known.sent.length
      const kept: Kept = isKnown
        ? { ...known, sent: [...known.sent] }
        : { streamId: newId(), sent: [], isComplete: false, leftAt: Number.POSITIVE_INFINITY }
      kept.leftAt = Number.POSITIVE_INFINITY
      streams.delete(key)
      streams.set(key, kept)
      const item = (event: T, id: number): StreamItem<T> => ({ id, event: event.phase, data: event })
      try {
        // The map holds streams of several routes; a key belongs to one of them.
        const before = kept.sent as T[]
        for (let id = (afterId ?? -1) + 1; isKnown && id < before.length; id++) yield item(before[id] as T, id)
        if (kept.isComplete) return
        const fresh = source.run(kept.streamId)
        for await (const event of before.length > 0 ? source.join([...before], fresh) : fresh) {
          kept.sent.push(event)
          yield item(event, kept.sent.length - 1)
        }
        kept.isComplete = true
      } finally {
        kept.leftAt = clock.monotonic()
      }
    },
  }
}
