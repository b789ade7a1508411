import type { Message } from "#contract/conversations.ts"

/** The messages from the root to a leaf. Without a leaf: to the newest message. */
export function pathTo(messages: readonly Message[], leafId: string | null | undefined): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]))
  const path: Message[] = []
  let current = (leafId ? byId.get(leafId) : undefined) ?? messages.at(-1)
  while (current) {
    path.push(current)
    current = current.parentId === null ? undefined : byId.get(current.parentId)
  }
  return path.reverse()
}

/** Messages by the id of what they follow, oldest first: a list of more than one is a fork. */
export function childrenByParent(messages: readonly Message[]): Map<string | null, Message[]> {
  const children = new Map<string | null, Message[]>()
  for (const message of messages) {
    const siblings = children.get(message.parentId)
    if (siblings) siblings.push(message)
    else children.set(message.parentId, [message])
  }
  return children
}

/** The newest leaf below a message: where switching to its branch leads. */
export function newestLeaf(children: ReadonlyMap<string | null, Message[]>, id: string): string {
  let current = id
  for (;;) {
    const next = children.get(current)?.at(-1)
    if (!next) return current
    current = next.id
  }
}
