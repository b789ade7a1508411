import type { z } from "zod"
import { type Conversation, conversation, type Message, message } from "#contract/conversations.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { ConversationRepository } from "#store/types.ts"

/**
 * Checks an exported conversation and stores it under new ids, so that importing twice makes two and never overwrites one.
 * Throws `request.invalid`, naming the first place that is wrong; nothing is stored then.
 */
export async function importConversation(
  actor: Actor,
  file: { conversation: unknown; messages: unknown[] },
  conversations: Pick<ConversationRepository, "import">,
): Promise<Conversation> {
  const source = parse(conversation, file.conversation, "conversation")
  const rows = file.messages.map((row, index) => parse(message, row, `messages.${index}`))
  if (new Set(rows.map((row) => row.id)).size !== rows.length)
    throw invalid("messages", "Two messages have the same id.")
  return await conversations.import(actor, source, shownLast(parentsFirst(rows), source.activeMessageId))
}

/** The store shows the branch of the last message. */
function shownLast(rows: Message[], shownId: string | null): Message[] {
  const shown = rows.find(({ id }) => id === shownId)
  if (!shown || rows.some(({ parentId }) => parentId === shown.id)) return rows
  return [...rows.filter((row) => row !== shown), shown]
}

/** Every message after the one it follows. Refuses parents that are missing and circles. */
function parentsFirst(rows: Message[]): Message[] {
  const children = new Map<string | null, Message[]>()
  for (const row of rows) {
    const siblings = children.get(row.parentId)
    if (siblings) siblings.push(row)
    else children.set(row.parentId, [row])
  }
  const ordered = [...(children.get(null) ?? [])]
  // The list grows while it is read: each message brings those that follow it.
  for (const row of ordered) ordered.push(...(children.get(row.id) ?? []))
  if (ordered.length !== rows.length) throw invalid("messages", "A message follows one that is not in the file.")
  return ordered
}

function parse<T extends z.ZodType>(schema: T, value: unknown, place: string): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid([place, ...(issue?.path.map(String) ?? [])].join("."), issue?.message ?? "")
}

const invalid = (place: string, reason: string): AppError =>
  new AppError("request.invalid", `The file is not an exported conversation: ${place}: ${reason}`, {
    remedy: "Choose a file that ZenGlow exported as JSON.",
    details: [{ in: "body", path: place, message: reason }],
  })
