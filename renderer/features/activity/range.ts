import type { strings } from "./strings.ts"

export type Range = keyof typeof strings.ranges

/** What can be chosen; no choice is all. */
export const ranges = ["day", "week"] as const satisfies readonly Range[]

const day = 86_400_000
const lengths: Record<Range, number | undefined> = { day, week: 7 * day, all: undefined }

/** Where a range begins, to the minute, so that the same choice asks the same question for a while. */
export function sinceOf(range: Range | ""): number | undefined {
  const length = range === "" ? undefined : lengths[range]
  return length === undefined ? undefined : Math.floor((Date.now() - length) / 60_000) * 60_000
}
