import { AppError } from "#core/errors.ts"

/** The number of the last event a client has; −1 when it says nothing. Throws `request.invalid`. */
export function parseLastEventId(text: string | null): number {
  if (text === null || text === "") return -1
  const seq = Number(text)
  if (!Number.isSafeInteger(seq) || seq < -1)
    throw new AppError("request.invalid", "`Last-Event-ID` must be the id of an event.", {
      remedy: "Leave it out to read from the start.",
    })
  return seq
}
