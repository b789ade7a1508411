import type { TimelineKind } from "#contract/timeline.ts"

/** Kind of an audit row by the first word of its action; the rest is `system`. */
export const kindOfSubject: Readonly<Record<string, TimelineKind>> = {
  document: "document",
  collection: "document",
  folder: "document",
  artifact: "document",
  conversation: "turn",
  memory: "turn",
  model: "model",
  evaluation: "build",
  "pinned-question": "build",
  dataset: "build",
  people: "people",
  speaker: "people",
  session: "people",
  backup: "backup",
  restore: "backup",
}

export const kindOfAction = (action: string): TimelineKind => kindOfSubject[action.split(".")[0] ?? ""] ?? "system"

/** Kind of a job. Null: what it does shows elsewhere (the documents that an ingest adds). */
export const kindOfJob: Readonly<Record<string, TimelineKind>> = {
  reindex: "build",
  evaluate: "build",
  "model-pull": "model",
  "model-verify": "model",
}

/** Documents added to one collection within this time are one line. */
export const togetherMs = 60_000
