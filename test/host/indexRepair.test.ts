import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"

describe("the real core", { timeout: 60_000 }, () => {
  let cli: CommandLine
  beforeEach(() => {
    cli = createCommandLine()
  })
  afterEach(() => cli.close())

  it("repairs a damaged search index at start, as a job, and answers by words meanwhile", async () => {
    const docs = join(cli.dataDir, "..", "docs")
    mkdirSync(docs, { recursive: true })
    for (const name of ["gate", "shed", "well", "barn"])
      writeFileSync(join(docs, `${name}.md`), `# ${name}\n\nThe code of the ${name} is 4711.\n`)
    const added = await cli.run(["ingest", docs, "--json"])
    expect(added.code, added.stderr).toBe(0)
    const db = new Database(join(cli.dataDir, "zenglow.db"))
    const table = `vectors_${db.prepare("SELECT id FROM vector_indexes WHERE is_active = 1").pluck().get()}`
    const stored = () => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
    const complete = stored()
    db.exec(`DELETE FROM ${table} WHERE seq % 2 = 0`)
    expect(stored()).not.toBe(complete)

    const { baseUrl, key } = await cli.serve()
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const body = JSON.stringify({ query: "What is the code of the shed?" })
    const found = await (await fetch(`${baseUrl}/rag/query2`, { method: "POST", headers, body })).json()
    expect(found.chunks[0].title).toBe("shed")
    const repair = async () => {
      const { items } = await (await fetch(`${baseUrl}/api/jobs`, { headers })).json()
      return items.find(({ title }: { title: string }) => title === "Repairing the search index")?.status
    }
    await expect.poll(repair, { timeout: 30_000 }).toBe("done")
    expect(stored()).toBe(complete)
    db.close()
    const doctor = await cli.run(["doctor", "--json"])
    const { findings } = JSON.parse(doctor.stdout)
    expect(findings.find(({ code }: { code: string }) => code === "search.index")).toMatchObject({ status: "ok" })
  })
})
