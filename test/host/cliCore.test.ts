import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"

const runtimeOf = (cli: CommandLine) =>
  JSON.parse(readFileSync(join(cli.dataDir, "runtime.json"), "utf8")) as { pid: number; port: number; baseUrl: string }

async function occupy(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  return server
}
const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === "object" && address ? address.port : 0
}

/** Process ids whose parent is `pid`; Linux only. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(pid)
      } catch {
        return false
      }
    })
    .map(Number)
}
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return false
  }
}
/** Resolves when none of the processes is left. */
async function goneWithin(pids: readonly number[], limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}

describe("a core started from the command line", { timeout: 60_000 }, () => {
  let cli: CommandLine
  beforeEach(() => {
    cli = createCommandLine()
  })
  afterEach(() => cli.close())

  it("is found through runtime.json by verbs, which leave it running", async () => {
    const served = await cli.serve()
    expect(runtimeOf(cli)).toMatchObject({ pid: served.child.pid, baseUrl: served.baseUrl })
    const asked = await cli.run(["ask", "Where is the main water valve?", "--json"])
    expect(asked.code).toBe(0)
    const jobs = await fetch(`${served.baseUrl}/api/jobs`, { headers: { authorization: `Bearer ${served.key}` } })
    expect(jobs.status).toBe(200)
    served.child.kill("SIGTERM")
    expect((await served.ended).code).toBe(0)
    expect(existsSync(join(cli.dataDir, "runtime.json"))).toBe(false)
  })

  it("says why a document was used or not, and names it when it is not there", async () => {
    await cli.serve()
    const question = "How often should the filter be changed?"
    const used = await cli.run(["why", question, "water-filter-jug.md"])
    expect(used.code).toBe(0)
    expect(used.stdout).toContain("takes part in the answer.")
    expect(used.stdout.match(/^[✓!✗·] /gm)).toHaveLength(9)
    const unused = await cli.run(["why", question, "lentil-soup.md", "--json"])
    expect(unused.code).toBe(3)
    expect(JSON.parse(unused.stdout)).toMatchObject({ outcome: "beaten-by-rank", fix: expect.stringMatching(/./) })
    const absent = await cli.run(["why", question, "absent.md", "--json"])
    expect(JSON.parse(absent.stdout)).toMatchObject({ error: { code: "document.not-found" } })
  })

  it("measures a file of questions, and names those that are found worse than before", async () => {
    const served = await cli.serve()
    const file = join(cli.dataDir, "..", "questions.yaml")
    writeFileSync(
      file,
      [
        "- question: How often should the filter be changed?",
        "  document: water-filter-jug.md",
        "- question: How long do the lentils cook?",
        "  document: lentil-soup.md",
      ].join("\n"),
    )
    const first = await cli.run(["eval", file, "--json"])
    expect(first.code).toBe(0)
    const headers = { authorization: `Bearer ${served.key}` }
    const listed = await fetch(`${served.baseUrl}/api/documents?q=lentil`, { headers })
    const { items } = (await listed.json()) as { items: { id: string }[] }
    await fetch(`${served.baseUrl}/api/documents/${items[0]?.id}`, { method: "DELETE", headers })
    const second = await cli.run(["eval", file])
    expect(second.stdout).toContain("Against the run before:")
    expect(second.stdout).toMatch(/worse +1\.0000 → 0\.0000 {2}How long do the lentils cook\?/)
    expect(second.stdout).not.toMatch(/→.*filter be changed/)
  })

  it("imports the chats of another program from its files", async () => {
    await cli.serve()
    const file = join(cli.dataDir, "..", "thread.json")
    const messages = join(cli.dataDir, "..", "messages.jsonl")
    writeFileSync(file, JSON.stringify({ title: "Trees", created: 1_700_000_000 }))
    writeFileSync(
      messages,
      JSON.stringify({ id: "1", role: "user", content: [{ type: "text", text: { value: "Oak?" } }] }),
    )
    const first = await cli.run(["import", file, messages, "--json"])
    expect(JSON.parse(first.stdout)).toMatchObject({ imported: [{ title: "Trees" }], skipped: [] })
    const again = await cli.run(["import", file, messages])
    expect(again.stdout).toContain("0 imported, 1 left out.")
    const missing = await cli.run(["import", join(cli.dataDir, "nothing.zip"), "--json"])
    expect(missing.code).not.toBe(0)
    expect(missing.stdout).toContain("cannot be read")
  })

  it("refuses a second core on the same data directory, and says what to do", async () => {
    const served = await cli.serve()
    const second = await cli.run(["serve", "--json", "--port", "0"])
    expect(second.code).toBe(1)
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: "core.locked", remedy: expect.any(String) } })
    expect((await fetch(`${served.baseUrl}/health`)).status).toBe(200)
    expect(runtimeOf(cli).pid).toBe(served.child.pid)
  })

  it("lets two commands on one data directory take turns", async () => {
    const both = await Promise.all(
      ["Where is the main water valve?", "How often should the filter be changed?"].map((question) =>
        cli.run(["ask", question, "--json"]),
      ),
    )
    expect(both.map(({ code, stdout }) => (code === 0 ? code : stdout))).toEqual([0, 0])
    for (const { stdout } of both) expect(JSON.parse(stdout).found).toBe(true)
  })

  it("names a taken port that was asked for, and moves on from a default one that is busy", async () => {
    const busy = await occupy(0)
    try {
      const explicit = await cli.run(["serve", "--port", String(portOf(busy)), "--json"])
      expect(explicit.code).toBe(1)
      expect(JSON.parse(explicit.stdout)).toMatchObject({
        error: { code: "core.port-taken", message: expect.stringContaining(String(portOf(busy))) },
      })
      const byEnvironment = await cli.run(["serve"], { env: { ZENGLOW_PORT: String(portOf(busy)) } })
      expect(byEnvironment.code).toBe(1)
      expect(byEnvironment.stderr).toContain(String(portOf(busy)))
    } finally {
      busy.close()
    }
    // 9071 is busy now, by us or by somebody else.
    const holder = await occupy(9071).catch(() => null)
    try {
      const started = cli.start(["serve", "--json"])
      const { baseUrl } = JSON.parse(await started.ready) as { baseUrl: string }
      expect(runtimeOf(cli).port).not.toBe(9071)
      expect(runtimeOf(cli).baseUrl).toBe(baseUrl)
      expect((await fetch(`${baseUrl}/health`)).status).toBe(200)
    } finally {
      holder?.close()
    }
  })

  it("starts again at once after kill -9, whatever now uses the old port", async () => {
    const served = await cli.serve()
    const { port } = runtimeOf(cli)
    served.child.kill("SIGKILL")
    await served.ended
    expect(existsSync(join(cli.dataDir, "runtime.json"))).toBe(true)
    const stranger = await occupy(port)
    try {
      const asked = await cli.run(["ask", "How often should the filter be changed?", "--json"])
      expect(asked.code).toBe(0)
      const again = await cli.serve()
      expect(runtimeOf(cli).pid).toBe(again.child.pid)
    } finally {
      stranger.close()
    }
  })

  it.skipIf(process.platform !== "linux").each(["SIGTERM", "SIGINT"] as const)(
    "ends with its children on %s",
    async (signal) => {
      const { served, children } = await servedWithChildren(cli)
      served.child.kill(signal)
      expect((await served.ended).code).toBe(0)
      expect(await goneWithin(children, 2000)).toBe(true)
    },
  )

  it.skipIf(process.platform !== "linux")("leaves no child two seconds after kill -9", async () => {
    const { served, children } = await servedWithChildren(cli)
    served.child.kill("SIGKILL")
    await served.ended
    expect(await goneWithin(children, 2000)).toBe(true)
  })

  it("takes one Ctrl-C that arrives twice as one", async () => {
    const served = await cli.serve()
    served.child.kill("SIGINT")
    served.child.kill("SIGINT")
    expect((await served.ended).code).toBe(0)
    expect(existsSync(join(cli.dataDir, "runtime.json"))).toBe(false)
  })

  it.skipIf(process.platform === "win32")("keeps its key and its directory readable by the owner only", async () => {
    await cli.serve()
    expect(statSync(join(cli.dataDir, "api-key")).mode & 0o777).toBe(0o600)
    expect(statSync(cli.dataDir).mode & 0o777).toBe(0o700)
  })

  it("uses the key of the environment and never writes or prints it", async () => {
    const key = "a-key-of-my-own-1234567890"
    const served = await cli.serve({ env: { ZENGLOW_API_KEY: key } })
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(`${served.baseUrl}/api/jobs`, { headers })).status).toBe(200)
    const shown = await (await fetch(`${served.baseUrl}/config/env`, { headers })).text()
    expect(shown).not.toContain(key)
    const without = await cli.run(["ask", "Where is the main water valve?", "--json"])
    expect(without.code).toBe(1)
    expect(JSON.parse(without.stdout).error.code).toBe("auth.missing-key")
    served.child.kill("SIGTERM")
    const { stdout, stderr } = await served.ended
    expect(stdout + stderr).not.toContain(key)
    expect(existsSync(join(cli.dataDir, "api-key"))).toBe(false)
  })

  it("says so when a file lies where the data directory should be, and leaves it alone", async () => {
    writeFileSync(cli.dataDir, "precious")
    const result = await cli.run(["ask", "why?", "--json"])
    expect(result.code).toBe(1)
    expect(result.stderr).toContain("is a file")
    expect(readFileSync(cli.dataDir, "utf8")).toBe("precious")
  })

  // A place that not even an administrator can write.
  it.skipIf(process.platform !== "linux")("says so when the data directory cannot be written", async () => {
    const result = await cli.run(["ask", "why?", "--json", "--data-dir", "/proc/zenglow"])
    expect(result.code).toBe(1)
    expect(JSON.parse(result.stdout).error).toMatchObject({ code: "store.read-only", remedy: expect.any(String) })
  })

  it.each([
    ["{ not json", "config.json"],
    ['{"port": "many"}', "port"],
    ['{"colour": "red"}', "colour"],
  ])("names what is wrong in config.json: %s", async (text, name) => {
    mkdirSync(cli.dataDir)
    writeFileSync(join(cli.dataDir, "config.json"), text)
    const result = await cli.run(["serve", "--json"])
    expect(result.code).not.toBe(0)
    expect(JSON.parse(result.stdout).error).toMatchObject({ code: "config.invalid" })
    expect(result.stderr).toContain(name)
  })

  it("names the variable whose value is wrong", async () => {
    const result = await cli.run(["serve"], { env: { ZENGLOW_PORT: "ninety" } })
    expect(result.code).not.toBe(0)
    expect(result.stderr).toContain("ZENGLOW_PORT")
  })
})

/** A core whose parser child is running. */
async function servedWithChildren(cli: CommandLine) {
  const served = await cli.serve()
  const asked = await cli.run(["ask", "Where is the main water valve?", "--json"])
  expect(asked.code).toBe(0)
  const children = childrenOf(served.child.pid ?? 0)
  expect(children.length).toBeGreaterThan(0)
  return { served, children }
}
