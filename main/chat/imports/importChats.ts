import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { ConversationRepository } from "#store/types.ts"
import { importConversation } from "../importConversation.ts"
import { readChatFiles } from "./readChatFiles.ts"

export interface ImportReport {
  imported: { id: string; title: string }[]
  skipped: { title: string; reason: string }[]
}

/**
 * Stores the chats of files. What is here already (the same time of its beginning and as many messages) is skipped, so that a newer export
 * adds only what is new. Each chat is stored whole or not at all; one that fails does not stop the others.
 */
export async function importChats(
  actor: Actor,
  files: { path: string; name: string }[],
  deps: { conversations: Pick<ConversationRepository, "import" | "list">; clock: { now(): number } },
  signal: AbortSignal,
): Promise<ImportReport> {
  const found = await readChatFiles(files, deps.clock.now())
  const here = await alreadyHere(actor, deps.conversations, signal)
  const report: ImportReport = { imported: [], skipped: [] }
  for (const { title, createdAt, messageCount, file } of found) {
    signal.throwIfAborted()
    if ("reason" in file) {
      report.skipped.push({ title, reason: file.reason })
      continue
    }
    const key = `${createdAt} ${messageCount}`
    if (createdAt !== null && here.has(key)) {
      report.skipped.push({ title, reason: "It is here already." })
      continue
    }
    try {
      const stored = await importConversation(actor, file, deps.conversations)
      here.add(key)
      report.imported.push({ id: stored.id, title: stored.title })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "request.invalid") throw error
      report.skipped.push({ title, reason: error.message })
    }
  }
  return report
}

async function alreadyHere(
  actor: Actor,
  conversations: Pick<ConversationRepository, "list">,
  signal: AbortSignal,
): Promise<Set<string>> {
  const keys = new Set<string>()
  let cursor: string | undefined
  do {
    signal.throwIfAborted()
    const page = await conversations.list(actor, { limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    for (const { createdAt, messageCount } of page.items) keys.add(`${createdAt} ${messageCount}`)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return keys
}
