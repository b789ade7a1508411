import { type DocumentKindInfo, documentKinds } from "#contract/documentKinds.ts"
import type { DocumentKind } from "#contract/documents.ts"
import type { Passage } from "#contract/turns.ts"
import { formatClock, formatTime } from "../../ui/format.ts"

/** `page 3`, `slide 3`: what the format calls it. */
export function pageName(kind: DocumentKind | undefined, page: number): string {
  const info: DocumentKindInfo | null = kind && kind !== "unknown" ? documentKinds[kind] : null
  return `${info?.page ?? "page"} ${page}`
}

/** Where a passage stands in its document, as short as a chip: a page, a slide, or a time. */
export function shortPlace(passage: Passage): string | null {
  if (typeof passage.startMs === "number") return formatClock(passage.startMs)
  return passage.page === null ? null : pageName(passage.documentKind, passage.page)
}

/** Headings, then page or time; for a page of the web its address and date. */
export function placeOf(passage: Passage): string {
  const parts = [...passage.headingPath, shortPlace(passage)].filter((part) => part !== null && part !== "")
  if (!passage.url) return parts.join(" › ") || passage.path
  return [hostOf(passage.url), dateText(passage), ...parts].filter(Boolean).join(" · ")
}

/** The address without its protocol. */
export const hostOf = (url: string): string => url.replace(/^https?:\/\/(?:www\.)?/, "").replace(/\/$/, "")

/** When the document was written, else when it was fetched. */
export function dateText({ datedAt, readAt }: { datedAt?: number | null; readAt?: number }): string {
  if (typeof datedAt === "number") return formatTime(datedAt)
  return readAt === undefined ? "" : `fetched ${formatTime(readAt)}`
}
