import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { openAiRoutes } from "#contract/openai.ts"
import { routes } from "#contract/routes.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { readEvents } from "../fakes/eventSource.ts"

/** One real core with five people: what is Ada's is tried by everybody else. */
const cli: CommandLine = createCommandLine()
const keys = new Map<string, string>()
const ids: Record<string, string> = {}
let baseUrl = ""
const others = ["owner", "ben", "cleo", "gus"] as const
const secretFact = "The alarm code of the boathouse is 5150."
const memoryText = "Ada keeps the spare key under the heron statue."

// biome-ignore lint/suspicious/noExplicitAny: each test asserts what it reads.
type Body = any
async function call(who: string, route: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const [method = "", path = ""] = route.split(" ")
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${keys.get(who) ?? who}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  let parsed: Body = text
  try {
    parsed = JSON.parse(text)
  } catch {
    // A download.
  }
  return { status: response.status, body: parsed }
}
const expectStatus = async (who: string, route: string, status: number, body?: unknown): Promise<Body> => {
  const reply = await call(who, route, body)
  expect(reply.status, `${who} ${route} ${JSON.stringify(reply.body)}`).toBe(status)
  return reply.body
}
const events = async (who: string, path: string) =>
  (await readEvents(await fetch(`${baseUrl}${path}`, { headers: { authorization: `Bearer ${keys.get(who)}` } }))).events
async function turn(
  who: string,
  text: string,
  options: Record<string, unknown> = {},
): Promise<{ id: string; events: Body[] }> {
  const { turnId } = await expectStatus(who, "POST /api/turns", 200, { kind: "text", text, ...options }).catch(
    async () => expectStatus(who, "POST /api/turns", 201, { kind: "text", text, ...options }),
  )
  return { id: turnId, events: (await events(who, `/api/turns/${turnId}/events`)).map(({ data }) => data) }
}
const found = async (who: string): Promise<boolean> => {
  const { chunks } = await expectStatus(who, "POST /rag/query2", 200, {
    query: "What is the alarm code of the boathouse?",
  })
  return chunks.some(({ chunk }: { chunk: string }) => chunk.includes("5150"))
}

beforeAll(async () => {
  const started = await cli.serve()
  baseUrl = started.baseUrl
  keys.set("owner", started.key)
  const roles = { ada: "adult", ben: "adult", cleo: "child", gus: "guest" } as const
  for (const [name, role] of Object.entries(roles)) {
    const { id } = await expectStatus("owner", "POST /api/people", 201, { name, role })
    ids[name] = id
    const scopes = ["chat", "rag", "audio", "models", "ops", "dataset", "admin"]
    const { secret, key } = await expectStatus("owner", "POST /api/keys", 201, { name, scopes, personId: id })
    keys.set(name, secret)
    ids[`key of ${name}`] = key.id
  }
  const { id: collectionId } = await expectStatus("ada", "POST /api/collections", 201, { name: "Boathouse" })
  ids.collection = collectionId
  const { job_id } = await expectStatus("ada", "POST /rag/ingest", 202, {
    text: secretFact,
    title: "Boathouse",
    collection_id: collectionId,
  })
  ids.job = job_id
  await events("ada", `/api/jobs/${job_id}/events`)
  const subject = { label: "Aunt", identifiers: [{ kind: "name", value: "Marta Kessler" }] }
  ids.subject = (await expectStatus("ada", "POST /api/pii/subjects", 201, subject)).id
  const documents = await expectStatus("ada", `GET /api/documents?collectionId=${collectionId}`, 200)
  ids.document = documents.items[0].id
  const asked = await turn("ada", "What is the alarm code of the boathouse?")
  ids.turn = asked.id
  const begun = asked.events.find(({ type }) => type === "turn-start")
  ids.conversation = begun.conversationId
  ids.message = begun.messageId
  ids.query = begun.messageId
  ids.memory = (
    await expectStatus("ada", "POST /api/memory", 201, { text: memoryText }).catch(() =>
      expectStatus("ada", "POST /api/memory", 200, { text: `${memoryText} ` }),
    )
  ).id
  await call("ada", `GET /api/conversations/${ids.conversation}/export`)
  ids.artifact = (await expectStatus("ada", "GET /api/artifacts", 200)).items[0].id
  ids.pin = (
    await call("ada", "POST /api/pinned-questions", { question: "Which code?", document: "Boathouse.md" })
  ).body.id
  ids.response = (
    await expectStatus("ada", "POST /v1/responses", 200, {
      model: "rag/Boathouse",
      input: "What is the alarm code of the boathouse?",
    })
  ).id
}, 120_000)
afterAll(() => cli.close())

/** What stands for the id of each route that takes one. `machine`: not a person's. Every such route of the table must be here. */
const things: Record<string, string | "machine"> = {
  "GET /api/turns/:turnId/events": "turn",
  "POST /api/turns/:turnId/release": "turn",
  "POST /api/turns/:turnId/heard": "turn",
  "DELETE /api/turns/:turnId": "turn",
  "GET /api/traces/:id": "turn",
  "GET /api/conversations/:id": "conversation",
  "PATCH /api/conversations/:id": "conversation",
  "DELETE /api/conversations/:id": "conversation",
  "POST /api/conversations/:id/restore": "conversation",
  "GET /api/conversations/:id/messages": "conversation",
  "GET /api/conversations/:id/export": "conversation",
  "PUT /api/conversations/:id/sharing": "conversation",
  "POST /api/messages/:id/feedback": "message",
  "GET /api/voice/sounds/:id": "message",
  "DELETE /api/voice/sounds/:id": "message",
  "PATCH /api/collections/:id": "collection",
  "DELETE /api/collections/:id": "collection",
  "PUT /api/collections/:id/sharing": "collection",
  "PUT /api/collections/:id/leaving": "collection",
  "GET /api/documents/:id": "document",
  "GET /api/documents/:id/source": "document",
  "DELETE /api/documents/:id": "document",
  "PATCH /api/documents/:id": "document",
  "POST /api/documents/:id/reindex": "document",
  "GET /api/documents/:id/sound": "document",
  "GET /api/documents/:id/picture": "document",
  "POST /api/documents/:id/why": "document",
  "POST /api/tools/:name/call": "machine",
  "GET /api/jobs/:id": "job",
  "GET /api/jobs/:id/events": "job",
  "POST /api/jobs/:id/pause": "job",
  "POST /api/jobs/:id/resume": "job",
  "DELETE /api/jobs/:id": "job",
  "PATCH /api/memory/:id": "memory",
  "DELETE /api/memory/:id": "memory",
  "GET /api/artifacts/:id": "artifact",
  "PATCH /api/artifacts/:id": "artifact",
  "DELETE /api/artifacts/:id": "artifact",
  "DELETE /api/pinned-questions/:id": "pin",
  "DELETE /api/pii/subjects/:id": "subject",
  "GET /api/pii/subjects/:id/mentions": "subject",
  "POST /api/pii/subjects/:id/erase": "subject",
  "GET /rag/feedback/:query_id": "query",
  "GET /v1/responses/:id": "response",
  "DELETE /v1/responses/:id": "response",
  "PATCH /api/backends/:name": "machine",
  "DELETE /api/backends/:name": "machine",
  "POST /api/backends/:name/test": "machine",
  "POST /api/backups/:id/keys": "machine",
  "PATCH /api/people/:id": "ada",
  "PUT /api/people/:id/pin": "ada",
  "DELETE /api/people/:id": "ada",
  "DELETE /api/keys/:id": "key of ada",
  // Nobody but the owner has any, and their rows are walked in test/pipeline/store.test.ts.
  "GET /api/folders/:id": "machine",
  "PATCH /api/folders/:id": "machine",
  "POST /api/folders/:id/rescan": "machine",
  "DELETE /api/folders/:id": "machine",
  "GET /api/evaluations/:id": "machine",
  "DELETE /api/evaluations/:id": "machine",
  // Made with models that are not installed here; their rows are walked in the store, too.
  "GET /api/voice/sessions/:id/events": "machine",
  "DELETE /api/voice/sessions/:id": "machine",
  "PATCH /audio/speakers/:id": "machine",
  "DELETE /audio/speakers/:id": "machine",
  "PUT /audio/consents/:id": "machine",
  "DELETE /audio/consents/:id": "machine",
  "DELETE /audio/cloned_voices/:id": "machine",
  // Their files lie in a folder per person (`test/pipeline/datasets.test.ts`).
  "GET /api/datasets/:id": "machine",
  "GET /api/datasets/:id/file": "machine",
  "GET /api/datasets/:id/diff": "machine",
  "DELETE /api/datasets/:id": "machine",
  "POST /api/backups/:id/verify": "machine",
  "POST /api/backups/:id/restore": "machine",
  "DELETE /api/backups/:id": "machine",
  "GET /api/models/:id": "machine",
  "POST /api/models/:id/pull": "machine",
  "POST /api/models/:id/verify": "machine",
  "POST /api/models/:id/load": "machine",
  "POST /api/models/:id/unload": "machine",
  "POST /api/models/:id/select": "machine",
  "DELETE /api/models/:id": "machine",
  "PUT /api/secrets/:name": "machine",
  "DELETE /api/secrets/:name": "machine",
  "PUT /metrics/health/:component": "machine",
  "GET /v1/models/*id": "machine",
}
const bodies: Record<string, unknown> = {
  "POST /api/turns/:turnId/heard": { playedMs: 1 },
  "PATCH /api/conversations/:id": { title: "Mine now" },
  "PUT /api/conversations/:id/sharing": { audience: "household" },
  "POST /api/messages/:id/feedback": { feedback: "up" },
  "PATCH /api/collections/:id": { name: "Mine now" },
  "PUT /api/collections/:id/sharing": { audience: "household" },
  "PUT /api/collections/:id/leaving": { mayLeave: true },
  "PATCH /api/documents/:id": { tags: ["mine"] },
  "POST /api/documents/:id/why": { question: "Which code?" },
  "PATCH /api/memory/:id": { weight: 0 },
  "PATCH /api/artifacts/:id": { tags: ["mine"] },
  "POST /api/pii/subjects/:id/erase": { confirm: "erase" },
  "PATCH /api/people/:id": { colour: 3 },
  "PUT /api/people/:id/pin": { pin: "1234" },
}
const queries: Record<string, string> = { "DELETE /api/people/:id": "?things=erase" }
/** The owner looks after people and keys, and sees the times of everybody's turns. */
const ownersToo = new Set([
  "PATCH /api/people/:id",
  "PUT /api/people/:id/pin",
  "DELETE /api/people/:id",
  "DELETE /api/keys/:id",
  "GET /api/traces/:id",
])

describe("a household", { timeout: 120_000 }, () => {
  it("names a thing for every route that takes an id", () => {
    const withId = Object.keys({ ...routes, ...openAiRoutes }).filter((key) => /[:*]/.test(key))
    expect(Object.keys(things).toSorted()).toEqual(withId.toSorted())
  })

  it("gives nobody anything of Ada's, through any route that takes an id", async () => {
    const wrong: string[] = []
    for (const [key, thing] of Object.entries(things)) {
      if (thing === "machine") continue
      const id = ids[thing]
      expect(id, thing).toBeTruthy()
      for (const who of others) {
        if (who === "owner" && ownersToo.has(key)) continue
        const route = key.replace(/:\w+/, id ?? "") + (queries[key] ?? "")
        const { status } = await call(who, route, bodies[key])
        if (status !== 404 && status !== 403) wrong.push(`${who} ${key}: ${status}`)
      }
    }
    expect(wrong).toEqual([])
    // All of it is still there, and as it was.
    expect((await expectStatus("ada", `GET /api/conversations/${ids.conversation}`, 200)).title).not.toBe("Mine now")
    expect(await expectStatus("ada", `GET /api/documents/${ids.document}`, 200)).toMatchObject({ tags: [] })
    expect((await expectStatus("ada", "GET /api/memory", 200)).items[0]).toMatchObject({ weight: 1 })
    expect(await found("ada")).toBe(true)
  })

  it("lists, counts and finds only what is one's own", async () => {
    for (const who of others) {
      expect((await expectStatus(who, "GET /api/conversations", 200)).items).toEqual([])
      expect((await expectStatus(who, "GET /api/conversations/search?q=boathouse", 200)).items).toEqual([])
      expect((await expectStatus(who, "GET /api/jobs", 200)).items.map(({ id }: { id: string }) => id)).not.toContain(
        ids.job,
      )
      const collections = (await expectStatus(who, "GET /api/collections", 200)).items
      expect(collections.map(({ name }: { name: string }) => name)).not.toContain("Boathouse")
      const models = (await expectStatus(who, "GET /v1/models", 200)).data
      expect(models.map(({ id }: { id: string }) => id)).not.toContain("rag/Boathouse")
      expect(await found(who)).toBe(false)
      const asked = { model: `rag/${ids.collection}`, messages: [{ role: "user", content: "Which code?" }] }
      expect((await call(who, "POST /v1/chat/completions", asked)).status).toBe(404)
      const named = { query: "alarm code", collection_ids: [ids.collection] }
      expect((await call(who, "POST /rag/query2", named)).status).toBe(404)
    }
    const { chunks } = await expectStatus("ben", "POST /rag/query2", 200, {
      query: "Where is the spare key? heron statue",
    })
    expect(JSON.stringify(chunks)).not.toContain("heron")
  })

  it("shows a collection to whom it is shared with, at once, and to nobody else, until it is not any more", async () => {
    const share = (body: unknown) => expectStatus("ada", `PUT /api/collections/${ids.collection}/sharing`, 200, body)
    await share({ audience: "people", personIds: [ids.ben] })
    expect([await found("ben"), await found("cleo"), await found("gus"), await found("owner")]).toEqual([
      true,
      false,
      false,
      false,
    ])
    const mine = (await expectStatus("ben", "GET /api/collections", 200)).items.find(
      ({ id }: { id: string }) => id === ids.collection,
    )
    expect(mine).toMatchObject({ sharedBy: { name: "ada" } })
    expect(mine.sharing).toBeUndefined()
    // Read and asked, not changed.
    await expectStatus("ben", `GET /api/documents/${ids.document}/source`, 200)
    for (const [route, body] of [
      [`DELETE /api/documents/${ids.document}`],
      [`POST /api/documents/${ids.document}/reindex`],
      [`PATCH /api/documents/${ids.document}`, { tags: ["x"] }],
      [`DELETE /api/collections/${ids.collection}`],
      [`PUT /api/collections/${ids.collection}/sharing`, { audience: "private" }],
      ["POST /rag/ingest", { text: "x", collection_id: ids.collection }],
    ] as const)
      expect([403, 404], route).toContain((await call("ben", route, body)).status)
    await share({ audience: "household" })
    expect([await found("ben"), await found("cleo"), await found("gus"), await found("owner")]).toEqual([
      true,
      true,
      true,
      true,
    ])
    await share({ audience: "private" })
    expect([await found("ben"), await found("cleo"), await found("gus"), await found("owner")]).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(
      (await call("ada", `PUT /api/collections/${ids.collection}/sharing`, { audience: "people", personIds: ["x"] }))
        .status,
    ).toBe(404)
  })

  it("shows a conversation to read, and never to a guest", async () => {
    const share = (body: unknown) =>
      expectStatus("ada", `PUT /api/conversations/${ids.conversation}/sharing`, 200, body)
    await share({ audience: "household" })
    const messages = await expectStatus("cleo", `GET /api/conversations/${ids.conversation}/messages`, 200)
    expect(messages.items.length).toBeGreaterThan(1)
    expect((await expectStatus("ben", "GET /api/conversations", 200)).items[0]).toMatchObject({
      sharedBy: { name: "ada" },
    })
    expect((await expectStatus("ben", "GET /api/conversations/search?q=boathouse", 200)).items).not.toEqual([])
    expect((await call("gus", `GET /api/conversations/${ids.conversation}`)).status).toBe(404)
    expect(
      (await call("ben", "POST /api/turns", { kind: "text", text: "Hi", conversationId: ids.conversation })).status,
    ).toBe(404)
    expect((await call("ben", `POST /api/messages/${ids.message}/feedback`, { feedback: "down" })).status).toBe(404)
    await share({ audience: "private" })
    expect((await call("ben", `GET /api/conversations/${ids.conversation}`)).status).toBe(404)
  })

  it("keeps nothing of a guest", async () => {
    await turn("gus", "What is the meter reading?")
    await turn("gus", "Remember that my shoe size is 44.")
    expect((await expectStatus("gus", "GET /api/conversations", 200)).items).toEqual([])
    for (const route of ["GET /api/memory", "GET /rag/feedback", "GET /api/traces"])
      expect((await call("gus", route)).status, route).toBe(403)
    expect((await expectStatus("owner", "GET /api/conversations", 200)).items).toEqual([])
  })

  it("tells nobody of another's jobs, documents and chats", async () => {
    const socket = new WebSocket(`${baseUrl.replace("http", "ws")}/ws`, ["zenglow", `bearer.${keys.get("ben")}`])
    await new Promise((resolve) => socket.on("open", resolve))
    const heard: Body[] = []
    const pongs: (() => void)[] = []
    socket.on("message", (data) => {
      const message = JSON.parse(String(data))
      if (message.type === "pong") pongs.shift()?.()
      else if (message.type !== "subscribed") heard.push(message)
    })
    const settled = () =>
      new Promise<void>((resolve) => {
        pongs.push(resolve)
        socket.send(JSON.stringify({ type: "ping" }))
      })
    for (const channel of ["jobs", "documents", "conversations", "memory"])
      socket.send(JSON.stringify({ type: "subscribe", channel }))
    await settled()
    const { job_id } = await expectStatus("ada", "POST /rag/ingest", 202, {
      text: "The pump runs at nine.",
      title: "Pump",
      collection_id: ids.collection,
    })
    await events("ada", `/api/jobs/${job_id}/events`)
    await turn("ada", "When does the pump run?")
    await call("ada", "POST /api/memory", { text: "The pump is green." })
    await settled()
    expect(heard.filter(({ job, id }) => job || id)).toEqual([])
    socket.close()
  })

  it("asks for a PIN where there is one, and not without end", async () => {
    await expectStatus("ada", `PUT /api/people/${ids.ada}/pin`, 200, { pin: "4711" })
    const { ticket } = await expectStatus("owner", "POST /api/tickets", 201)
    const { token } = await expectStatus("owner", "POST /api/session", 200, { ticket })
    const hand = (body: unknown) => call(token, "POST /api/session/person", body)
    expect((await hand({ personId: ids.cleo })).status).toBe(200)
    expect((await call(token, "GET /api/keys")).status).toBe(403)
    expect((await expectStatus(token, "GET /api/session", 200)).person.name).toBe("cleo")
    expect((await hand({ personId: ids.ada })).body.error.code).toBe("access.bad-pin")
    expect((await hand({ personId: ids.ada, pin: "4711" })).status).toBe(200)
    expect((await expectStatus(token, "GET /api/memory", 200)).total).toBeGreaterThan(0)
    await hand({ personId: ids.cleo })
    const tries = []
    for (let attempt = 0; attempt < 6; attempt++) tries.push((await hand({ personId: ids.ada, pin: "0000" })).status)
    expect(tries).toEqual([403, 403, 403, 403, 403, 429])
    // Also the right one has to wait now.
    expect((await hand({ personId: ids.ada, pin: "4711" })).status).toBe(429)
    expect((await expectStatus(token, "GET /api/session", 200)).person.name).toBe("cleo")
    const log = (await expectStatus("owner", "GET /api/audit?action=people", 200)).items
    expect(log.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(["people.switch", "people.pin", "people.add", "people.share"]),
    )
    // And so does the one who would take it away.
    expect((await call("ada", `PUT /api/people/${ids.ada}/pin`, { pin: null })).status).toBe(429)
  })

  it("lets a person change how it looks to them, and nothing for others", async () => {
    await expectStatus("cleo", "PATCH /api/settings", 200, { theme: "dark" })
    const theme = async (who: string) =>
      (await expectStatus(who, "GET /api/settings", 200)).items.find(({ name }: { name: string }) => name === "theme")
        .value
    expect([await theme("cleo"), await theme("owner")]).toEqual(["dark", "system"])
    expect((await call("cleo", "PATCH /api/settings", { offline: true })).status).toBe(403)
    await expectStatus("cleo", `PATCH /api/people/${ids.cleo}`, 200, { colour: 4 })
    expect((await call("cleo", `PATCH /api/people/${ids.cleo}`, { role: "adult" })).status).toBe(403)
    expect(
      (await call("cleo", "POST /api/collections", { name: "Mine", sharing: { audience: "household" } })).status,
    ).toBe(403)
    expect((await call("ben", `PATCH /api/people/${ids.cleo}`, { colour: 1 })).status).toBe(403)
  })

  it("removes a person: what is theirs goes to the owner, or is gone", async () => {
    await expectStatus("ben", "POST /api/collections", 201, { name: "Ben's" })
    await expectStatus("owner", `DELETE /api/people/${ids.ben}?things=keep`, 200)
    expect((await call("ben", "GET /api/conversations")).status).toBe(401)
    const kept = (await expectStatus("owner", "GET /api/collections", 200)).items
    expect(kept.map(({ name }: { name: string }) => name)).toContain("Ben's")

    await expectStatus("owner", `DELETE /api/people/${ids.ada}?things=erase`, 200)
    expect((await call("ada", "GET /api/memory")).status).toBe(401)
    expect(await found("owner")).toBe(false)
    for (const suffix of ["", "-wal"]) {
      const bytes = readFileSync(join(cli.dataDir, `zenglow.db${suffix}`))
      expect(bytes.includes("heron statue"), `zenglow.db${suffix}`).toBe(false)
    }
    expect((await call("owner", "DELETE /api/people/owner?things=erase")).status).toBe(409)
    expect(
      (await expectStatus("owner", "GET /api/people", 200)).items.map(({ name }: { name: string }) => name),
    ).toEqual(["Owner", "cleo", "gus"])
  })
})
