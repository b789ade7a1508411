import type { conversationRoutes } from "#contract/conversations.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

const exportPageSize = 20_000

export const conversationHandlers = ({
  conversations,
  messages,
  artifacts,
}: Pick<ServerDeps, "conversations" | "messages" | "artifacts">): HandlersFor<typeof conversationRoutes> => ({
  "GET /api/conversations": ({ query }, { actor }) => conversations.list(actor, query),
  "POST /api/conversations": ({ body }, { actor }) => conversations.create(actor, body),
  "GET /api/conversations/search": async ({ query }, { actor }) => ({
    items: await messages.search(actor, query.q, query.limit),
  }),
  "POST /api/conversations/import": ({ body }, { actor }) => conversations.import(actor, body),
  "POST /api/conversations/import/files": (_input, { actor, files, signal }) =>
    conversations.importFiles(actor, files, signal),
  "GET /api/conversations/:id": ({ params }, { actor }) => conversations.get(actor, params.id),
  "PATCH /api/conversations/:id": ({ params, body }, { actor }) =>
    conversations.update(actor, params.id, {
      ...body,
      ...(body.title === undefined ? {} : { titleIsAutomatic: false }),
    }),
  "DELETE /api/conversations/:id": async ({ params }, { actor }) => {
    await conversations.delete(actor, params.id)
    return { ok: true }
  },
  "POST /api/conversations/:id/restore": ({ params }, { actor }) => conversations.restore(actor, params.id),
  "GET /api/conversations/:id/messages": async ({ params, query }, { actor }) => {
    await conversations.get(actor, params.id)
    return messages.list(actor, params.id, query)
  },
  "GET /api/conversations/:id/export": async ({ params, query }, { actor }) => {
    const conversation = await conversations.get(actor, params.id)
    const all = []
    let cursor: string | undefined
    do {
      const page = await messages.list(actor, params.id, { cursor, limit: exportPageSize })
      all.push(...page.items)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    const body = conversations.export(conversation, all, query.format)
    await artifacts.exported(actor, {
      name: conversation.title,
      body,
      format: query.format,
      provenance: { conversationId: conversation.id, messages: all.length },
    })
    return {
      contentType: query.format === "md" ? "text/markdown; charset=utf-8" : "application/json",
      body,
      fileName: `${conversation.title.replace(/[^\p{L}\p{N} _-]/gu, "").trim() || "conversation"}.${query.format}`,
    }
  },
  "POST /api/messages/:id/feedback": ({ params, body }, { actor }) => messages.update(actor, params.id, body),
})
