import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { createResplitBench, passagesOf } from "../fakes/resplitBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const victim = fileURLToPath(new URL("../fakes/resplitVictim.ts", import.meta.url))
/** Lines after which each victim is killed; the full run asks for more. */
const kills = process.env.ZENGLOW_TEST_FULL ? [1, 5, 12, 20, 30, 40, 41, 45, 60, 75] : [3, 14]

let directory: string
let folder: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-resplit-"))
  folder = join(directory, "notes")
  await mkdir(folder)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const open = (): Promise<Store> =>
  openSqliteStore({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    log: silentLogger,
  })

/** Runs a victim to its own end, or kills it with the given line. */
async function run(killAt: number | null): Promise<string[]> {
  const child = fork(victim, [directory, "80"], { stdio: ["ignore", "pipe", "inherit", "ipc"], execArgv: [] })
  const exited = once(child, "exit")
  const lines: string[] = []
  if (!child.stdout) throw new Error("The victim has no stdout.")
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === killAt) child.kill("SIGKILL")
  }
  await exited
  return lines
}

it("splitting everything anew survives kill -9 anywhere: each document has its old or its new passages, and in the end the new", {
  timeout: 120_000,
}, async () => {
  const noShadows = { open: () => Promise.reject(new Error("No shadow.")), remove: async () => {} }
  for (let n = 0; n < 8; n++) {
    const text = Array.from({ length: 24 }, (_, at) => `Note ${n} says in line ${at} what was seen in room ${at}.`)
    await writeFile(join(folder, `note-${n}.md`), `# Note ${n}\n\n${text.join(" ")}\n`)
  }
  const store = await open()
  const base = { embedder: createWordEmbedder(), shadows: noShadows }
  const bench = await createResplitBench({ ...base, store, passageTokens: () => 200 })
  await bench.addPath(folder)
  const old = await passagesOf(store)
  await store.close()

  let cut = 0
  for (const killAt of kills) {
    const lines = await run(killAt)
    if (!lines.includes("done")) cut++
    const found = await open()
    const now = await passagesOf(found)
    expect(Object.keys(now)).toHaveLength(8)
    expect(await found.check("full")).toMatchObject({ integrity: "ok", problems: [] })
    for (const [path, passages] of Object.entries(now)) {
      const isOld = JSON.stringify(passages) === JSON.stringify(old[path])
      expect(isOld || passages.length > (old[path]?.length ?? 0), path).toBe(true)
    }
    await found.close()
  }
  expect(cut).toBeGreaterThan(0)
  expect((await run(null)).at(-1)).toBe("done")

  const done = await open()
  const now = await passagesOf(done)
  for (const [path, passages] of Object.entries(now)) expect(passages.length).toBeGreaterThan(old[path]?.length ?? 0)
  const { counts, problems } = await done.check("full")
  expect([counts.vectors, problems]).toEqual([counts.chunks, []])
  expect((await readdir(directory)).filter((name) => name.startsWith("next-"))).toEqual([])
  const inUse = (await done.settings.all(ownerActor))["search.passages"]
  expect(inUse).toEqual({ inUse: "1-80-30", isMoving: false })
  await done.close()
})
