import type { StageTiming, TurnEvent, TurnEventType } from "#contract/turns.ts"

/**
 * A turn's waterfall, folded from its events and never timed by hand inside a stage.
 * Zero is the start of the turn; for voice turns it is key-up (`listen-end`), so listening lies before zero.
 */
export function foldTimings(events: readonly TurnEvent[], kind: "text" | "voice"): StageTiming[] {
  const first = (type: TurnEventType) => events.find((event) => event.type === type)
  const zero = (kind === "voice" ? first("listen-end") : first("turn-start"))?.at ?? events[0]?.at ?? 0
  const timings: StageTiming[] = []
  const bar = (name: StageTiming["name"], start: number | undefined, end: number | undefined): void => {
    if (start !== undefined && end !== undefined)
      timings.push({ name, startMs: Math.round(start - zero), endMs: Math.round(end - zero) })
  }
  bar("listen", first("listen-start")?.at, first("listen-end")?.at)
  bar("stt", first("listen-end")?.at, first("stt-end")?.at)
  const retrieved = first("retrieve-end")
  const asked = first("retrieve-start")?.at
  if (retrieved?.type === "retrieve-end" && asked !== undefined) {
    bar("embed", asked, asked + retrieved.embedMs)
    bar("search", asked + retrieved.embedMs, retrieved.at)
  }
  const firstToken = first("text-delta")?.at
  bar("first-token", retrieved?.at ?? first("stt-end")?.at ?? zero, firstToken)
  const written = first("check-start")?.at
  bar("generate", firstToken, written ?? first("text-end")?.at)
  bar("support", written, first("text-end")?.at)
  const speech = first("speech-start")?.at
  const caption = first("caption")?.at
  // A quotation is spoken before anything is written.
  bar("first-clause", first("quick-answer")?.at ?? firstToken, speech)
  bar("first-audio", speech, caption)
  bar("last-audio", caption, first("speech-end")?.at)
  return timings
}
