import type { Message } from "#contract/conversations.ts"
import { newId } from "#core/ids.ts"
import type { JobRecord, JobRepository, NewMessage } from "./types.ts"

/** Without the names whose value is undefined: those say nothing. */
export const defined = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>

/** A new message with everything that the caller left out. */
export const newMessage = (message: NewMessage, now: number): Message => ({
  id: newId(),
  reasoning: "",
  endReason: null,
  error: null,
  model: null,
  passages: [],
  spans: [],
  timings: [],
  usage: null,
  heardChars: null,
  feedback: null,
  createdAt: now,
  ...(defined(message) as NewMessage),
})

/** Ids are made anew: the same export can be imported twice, and by somebody else. A parent that is not in the file ends the path there. */
export const importedMessage = (
  message: Message,
  id: string,
  conversationId: string,
  ids: ReadonlyMap<string, string>,
): Message => ({ ...message, id, conversationId, parentId: ids.get(message.parentId ?? "") ?? null })

/** A job as it is before anything was done. */
export const newJob = (job: Parameters<JobRepository["create"]>[1], now: number): JobRecord => ({
  id: newId(),
  kind: job.kind,
  title: job.title,
  status: "queued",
  progress: null,
  done: 0,
  total: job.total ?? null,
  unit: job.unit,
  ratePerSecond: null,
  remainingMs: null,
  current: null,
  error: null,
  subjectId: job.subjectId,
  payload: job.payload ?? null,
  createdAt: now,
  updatedAt: now,
})
