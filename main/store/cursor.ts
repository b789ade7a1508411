import { AppError } from "#core/errors.ts"

/** An opaque place in a list: what the order compares, as base64url. */
export const encodeCursor = (place: readonly number[]): string =>
  Buffer.from(JSON.stringify(place), "utf8").toString("base64url")

/** Null without a cursor. Throws `request.invalid` when it is not one of ours for this list. */
export function decodeCursor(cursor: string | undefined, length: number): number[] | null {
  if (cursor === undefined) return null
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"))
    if (Array.isArray(place) && place.length === length && place.every((part) => Number.isFinite(part))) {
      return place as number[]
    }
  } catch {
    // Not JSON: refused below like any other foreign text.
  }
  throw new AppError("request.invalid", "The cursor does not belong to this list.", {
    remedy: "Start without a cursor and pass on what `next` says.",
  })
}

/** Cuts what was fetched with one row too many, and says where the next page starts. */
export function toPage<Row, T>(
  rows: Row[],
  limit: number,
  place: (row: Row) => readonly number[],
  value: (row: Row) => T,
): { items: T[]; next: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items: rows.slice(0, limit).map(value), next: last === undefined ? null : encodeCursor(place(last)) }
}
