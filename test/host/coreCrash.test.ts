import { readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, expect, it } from "vitest"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { createRandom } from "../fakes/random.ts"

/** Kills of the whole core: twelve in every test run, more by `npm run crash`. */
const kills = Number(process.env.ZENGLOW_CRASH_KILLS ?? (process.env.ZENGLOW_TEST_FULL ? 100 : 12))
const seed = Number(process.env.ZENGLOW_TEST_SEED ?? 20_261_123)
const random = createRandom(seed)
const modes = ["chat", "ingest", "backup", "restore"] as const
type Mode = (typeof modes)[number]

const cli: CommandLine = createCommandLine({ ZENGLOW_LOG_LEVEL: "error" })
afterAll(() => cli.close())

/** What the core said it had kept. */
interface Acknowledged {
  memories: string[]
  /** Text by message id of its conversation. */
  questions: { conversationId: string; text: string }[]
  documents: string[]
}
type Core = Awaited<ReturnType<CommandLine["serve"]>>

// biome-ignore lint/suspicious/noExplicitAny: each use asserts what it reads.
async function call({ baseUrl, key }: Core, route: string, body?: unknown): Promise<any> {
  const [method = "", path = ""] = route.split(" ")
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`)
  return JSON.parse(text)
}

/** Works until the core is gone; only what was answered goes on the list. */
async function work(core: Core, mode: Mode, round: number, kept: Acknowledged): Promise<void> {
  try {
    const { id: conversationId } = await call(core, "POST /api/conversations", { title: `Round ${round}` })
    for (let n = 0; ; n++) {
      const text = `Round ${round} number ${n}.`
      if (mode === "chat") {
        await call(core, "POST /api/turns", { kind: "text", text, conversationId })
        kept.questions.push({ conversationId, text })
      } else if (mode === "ingest") {
        const title = `Note ${round}-${n}`
        await call(core, "POST /rag/ingest", { text: `# ${title}\n\n${`${text} `.repeat(60)}`, title })
        kept.documents.push(title)
      }
      await call(core, "POST /api/memory", { text })
      kept.memories.push(text)
    }
  } catch {
    // Killed: what was not answered may or may not be there.
  }
}

async function memoriesOf(core: Core): Promise<Set<string>> {
  const memories = new Set<string>()
  for (let cursor = ""; ; ) {
    const page = await call(core, `GET /api/memory?limit=200${cursor}`)
    for (const { text } of page.items) memories.add(text)
    if (!page.next) return memories
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}

async function expectKept(core: Core, kept: Acknowledged, about: string): Promise<void> {
  const memories = await memoriesOf(core)
  expect(
    kept.memories.filter((text) => !memories.has(text)),
    `${about}: memories lost`,
  ).toEqual([])
  const asked = new Set<string>()
  for (const conversationId of new Set(kept.questions.map((question) => question.conversationId)))
    for (const { text } of (await call(core, `GET /api/conversations/${conversationId}/messages`)).items)
      asked.add(text)
  expect(
    kept.questions.filter(({ text }) => !asked.has(text)),
    `${about}: questions lost`,
  ).toEqual([])
  await expectDocuments(core, kept, about)
  const { findings } = await call(core, "GET /diagnostics/doctor?only=database")
  expect(
    findings.map(({ status }: { status: string }) => status),
    about,
  ).not.toContain("error")
}

/** Jobs that were cut off go on by themselves: when they have ended, each document is whole. */
async function expectDocuments(core: Core, kept: Acknowledged, about: string): Promise<void> {
  for (;;) {
    const { items } = await call(core, "GET /api/jobs")
    if (!items.some(({ status }: { status: string }) => status === "queued" || status === "running")) break
    await sleep(20)
  }
  const ready = new Set<string>()
  for (let cursor = ""; ; ) {
    const page = await call(core, `GET /api/documents?limit=200${cursor}`)
    for (const { title, status } of page.items) if (status === "ready") ready.add(title)
    if (!page.next) break
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
  expect(
    kept.documents.filter((title) => !ready.has(title)),
    `${about}: documents lost`,
  ).toEqual([])
}

it(`loses nothing it acknowledged in ${kills} kills -9 while it chats, ingests, backs up and restores`, {
  timeout: 60_000 + kills * 20_000,
}, async () => {
  let kept: Acknowledged = { memories: [], questions: [], documents: [] }
  let restored = 0
  let checked = 0
  const done: Record<Mode, number> = { chat: 0, ingest: 0, backup: 0, restore: 0 }
  let core = await cli.serve()
  for (let round = 0; round < kills; round++) {
    const mode = modes[round % modes.length] as Mode
    const about = `round ${round} (${mode}, seed ${seed})`
    const atBackup = structuredClone(kept)
    const later: string[] = []
    let working = Promise.resolve()
    if (mode === "restore") {
      const { id } = await call(core, "POST /api/backups")
      for (let n = 0; n < 5; n++) {
        later.push(`Round ${round} later ${n}.`)
        await call(core, "POST /api/memory", { text: later.at(-1) })
      }
      void call(core, `POST /api/backups/${id}/restore`, { confirm: id }).catch(() => {})
    } else {
      working = work(core, mode, round, kept)
      if (mode === "backup") void call(core, "POST /api/backups").catch(() => {})
    }
    await sleep(random() * (mode === "restore" ? 1500 : 700))
    core.child.kill("SIGKILL")
    await Promise.all([core.ended, working])
    core = await cli.serve()
    done[mode]++

    expect(readdirSync(cli.dataDir), about).not.toContain("restore")
    const [newest] = (await call(core, "GET /api/backups")).items
    if (newest) {
      expect((await call(core, `POST /api/backups/${newest.id}/verify`)).ok, about).toBe(true)
      checked++
    }
    if (mode === "restore") {
      // The state of before, whole, or the backup's, whole: never a mixture.
      const there = await memoriesOf(core)
      const count = later.filter((text) => there.has(text)).length
      expect([0, later.length], about).toContain(count)
      if (count === 0) restored++
      kept = { ...atBackup, memories: count === 0 ? atBackup.memories : [...atBackup.memories, ...later] }
    }
    await expectKept(core, kept, about)
  }
  core.child.kill("SIGTERM")
  await core.ended
  const { memories, questions, documents } = kept
  process.stdout.write(
    `crash: ${kills} kills (${Object.entries(done)
      .map(([mode, count]) => `${mode} ${count}`)
      .join(
        ", ",
      )}), seed ${seed}; kept ${memories.length} memories, ${questions.length} questions, ${documents.length} documents; ${restored} restores completed, ${checked} backups read whole; lost 0\n`,
  )
  expect(readdirSync(join(cli.dataDir, "backups")).filter((name) => name.endsWith(".part")).length).toBeLessThan(2)
})
