import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { startOrAttach } from "#electron/coreProcess.ts"

let dataDir: string
let servers: Server[]
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "zenglow-core-"))
  servers = []
})
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  rmSync(dataDir, { recursive: true, force: true })
})

/** A core as far as the shell sees it; `answers` is the status of `/health`. */
async function runningCore(answers = 200): Promise<{ baseUrl: string; keys: string[]; stop(): Promise<void> }> {
  const keys: string[] = []
  const server = createServer((request, response) => {
    if (request.url === "/health") return void response.writeHead(answers).end("{}")
    keys.push(request.headers.authorization ?? "")
    response.writeHead(201).end(JSON.stringify({ ticket: `ticket-${keys.length}` }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeFileSync(join(dataDir, "runtime.json"), JSON.stringify({ baseUrl }))
  writeFileSync(join(dataDir, "api-key"), "the-first-run-key\n")
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { baseUrl, keys, stop }
}

/** Options whose core is this program, run by this Node. It gets the arguments that a core gets. */
const withProgram = (program: string) => {
  const script = join(dataDir, "program.cjs")
  writeFileSync(script, program)
  return { dataDir, apiKey: null, node: process.execPath, script }
}
/** What a core says whose data directory another one holds. */
const locked = `console.log(JSON.stringify({ error: { code: "core.locked", message: "Another ZenGlow is using this data directory." } }));`

const ready = 'console.log(JSON.stringify({ baseUrl: "http://127.0.0.1:1" }));'

describe("attaching", () => {
  it("uses the running core and its key, and asks for a new ticket each time", async () => {
    const running = await runningCore()
    const core = await startOrAttach(withProgram(locked))
    expect(core).toMatchObject({ baseUrl: running.baseUrl, isOwn: false })
    expect([await core.ticket(), await core.ticket()]).toEqual(["ticket-1", "ticket-2"])
    expect(running.keys).toEqual(["Bearer the-first-run-key", "Bearer the-first-run-key"])
    await core.close()
    expect((await fetch(`${running.baseUrl}/health`)).status).toBe(200)
  })

  it("prefers the key of the configuration", async () => {
    const running = await runningCore()
    const core = await startOrAttach({ ...withProgram(locked), apiKey: "a-key-of-the-person" })
    await core.ticket()
    expect(running.keys).toEqual(["Bearer a-key-of-the-person"])
    await core.close()
  })

  it("notices when that core goes", async () => {
    const running = await runningCore()
    let look = (): void => {}
    const interval = () =>
      new Promise<void>((resolve) => {
        look = resolve
      })
    const core = await startOrAttach({ ...withProgram(locked), interval })
    await running.stop()
    look()
    const watch = setInterval(() => look(), 1)
    expect(await core.ended).toContain("stopped")
    clearInterval(watch)
  })

  it("starts its own where the file was left behind by a core that was killed", async () => {
    const running = await runningCore()
    await running.stop()
    const core = await startOrAttach(withProgram(`${ready} process.on("disconnect", () => process.exit(0))`))
    expect(core.isOwn).toBe(true)
    await core.close()
  })

  it("gives its key to nobody who took the port of a core that was killed", async () => {
    const stranger = await runningCore()
    const core = await startOrAttach(withProgram(`${ready} process.on("disconnect", () => process.exit(0))`))
    expect(core).toMatchObject({ isOwn: true, baseUrl: "http://127.0.0.1:1" })
    await core.ticket().catch(() => undefined)
    expect(stranger.keys).toEqual([])
    await core.close()
  })

  it("tells nobody that another core holds the directory, and passes on what its own core writes", async () => {
    await runningCore()
    const written: string[] = []
    const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0)
    const saying = (text: string, then: string) =>
      withProgram(`process.stderr.write(${JSON.stringify(text)}, () => { ${then} })`)
    await (await startOrAttach(saying("in use", locked))).close()
    const own = await startOrAttach(saying("starting ", `${ready} process.on("disconnect", () => process.exit(0))`))
    await own.close()
    write.mockRestore()
    expect(written.join("")).toBe("starting ")
  })

  it("waits for the address of a core that is just starting", async () => {
    const running = await runningCore()
    const file = join(dataDir, "runtime.json")
    const saved = readFileSync(file, "utf8")
    rmSync(file)
    let looks = 0
    const pause = async () => {
      if (++looks === 3) writeFileSync(file, saved)
    }
    expect(await startOrAttach({ ...withProgram(locked), pause })).toMatchObject({ baseUrl: running.baseUrl })
  })

  it("says so when a command holds the directory and does not let go", async () => {
    const starting = startOrAttach({ ...withProgram(locked), pause: async () => undefined })
    await expect(starting).rejects.toThrow("Another ZenGlow is using this data directory.")
  })
})

describe("starting", () => {
  it("runs the core with this data directory", async () => {
    const argumentsFile = join(dataDir, "arguments.json")
    const program = `require("fs").writeFileSync(${JSON.stringify(argumentsFile)}, JSON.stringify(process.argv.slice(2)));
${ready} process.on("disconnect", () => process.exit(0))`
    const core = await startOrAttach(withProgram(program))
    expect(JSON.parse(readFileSync(argumentsFile, "utf8"))).toEqual(["serve", "--json", "--data-dir", dataDir])
    expect(core).toMatchObject({ baseUrl: "http://127.0.0.1:1", isOwn: true })
    await core.close()
    expect(await core.ended).toContain("code 0")
  })

  it("tells what the core said when it could not start", async () => {
    const failing = `console.log(JSON.stringify({ error: { message: "The disk is full.", remedy: "Make room." } })); process.exitCode = 1`
    await expect(startOrAttach(withProgram(failing))).rejects.toThrow("The disk is full. Make room.")
  })

  it.each([
    ["ends at once", "process.exit(7)", /code 7/],
    ["says something else", 'console.log("hello"); process.on("disconnect", () => {})', /did not say its address/],
  ])("fails when the core %s", async (_, program, message) => {
    await expect(startOrAttach(withProgram(program))).rejects.toThrow(message)
  })

  it("fails when there is no Node", async () => {
    await expect(startOrAttach({ ...withProgram(""), node: join(dataDir, "no-node") })).rejects.toThrow(/ENOENT/)
  })

  it("tells when the core dies", async () => {
    const core = await startOrAttach(withProgram(`${ready} setImmediate(() => process.exit(3))`))
    expect(await core.ended).toContain("code 3")
    await core.close()
  })
})
