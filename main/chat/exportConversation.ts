import type { Conversation, Message } from "#contract/conversations.ts"

/** Writes a conversation as text. `json` holds every branch and can be imported again; `md` is the branch that is shown, for people. */
export function exportConversation(conversation: Conversation, messages: Message[], format: "md" | "json"): string {
  if (format === "md") return toMarkdown(conversation, shownBranch(conversation, messages))
  return `${JSON.stringify({ format: "zenglow-conversation", version: 1, conversation, messages }, null, 2)}\n`
}

/** From the first message down to the active leaf. Without one: the newest message's branch. */
function shownBranch(conversation: Conversation, messages: Message[]): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]))
  const branch: Message[] = []
  let current = byId.get(conversation.activeMessageId ?? "") ?? messages.at(-1)
  while (current && !branch.includes(current)) {
    branch.unshift(current)
    current = current.parentId === null ? undefined : byId.get(current.parentId)
  }
  return branch
}

function toMarkdown(conversation: Conversation, messages: Message[]): string {
  const date = new Date(conversation.createdAt).toISOString().slice(0, 10)
  return [`# ${oneLine(conversation.title)}`, `*${date}*`, ...messages.map(messageMarkdown), ""].join("\n\n")
}

function messageMarkdown(message: Message): string {
  const name = message.role === "user" ? "You" : `ZenGlow${message.model ? ` (${oneLine(message.model)})` : ""}`
  const ended =
    message.endReason === "aborted" ? ["*(stopped)*"] : message.error ? [`*(${oneLine(message.error.message)})*`] : []
  return [`## ${name}`, message.text, ...ended, ...sources(message)].join("\n\n")
}

/** The passages that the text cites, numbered as it cites them. */
function sources(message: Message): string[] {
  const cited = new Set(message.spans.flatMap((span) => span.citations))
  const passages = message.passages.filter((passage) => cited.has(passage.n))
  if (passages.length === 0) return []
  const lines = passages.map(
    (passage) =>
      `- [${passage.n}] ${oneLine(passage.title)} (${oneLine(passage.path)}${passage.page === null ? "" : `, page ${passage.page}`}): “${oneLine(passage.text)}”`,
  )
  return [`Sources:\n\n${lines.join("\n")}`]
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()
