import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer, type Socket } from "node:net"
import os from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, it } from "vitest"
import { createOrphanList } from "#core/host/orphans.ts"
import { silentLogger } from "#core/logger.ts"

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), "zenglow-orphans-"))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it("leaves no child when the core is killed, even one busy in a synchronous call", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const core = fork(fileURLToPath(new URL("./conformanceCore.ts", import.meta.url)), [
    String((server.address() as AddressInfo).port),
    path.join(dir, "hosts"),
  ])
  const [[socket], [hostPid]] = (await Promise.all([once(server, "connection"), once(core, "message")])) as [
    [Socket],
    [number],
  ]
  expect(readdirSync(path.join(dir, "hosts"))).toEqual([`${hostPid}.json`])
  socket.on("error", () => {})
  socket.resume()
  const hostGone = once(socket, "close")
  core.kill("SIGKILL")
  await hostGone
  server.close()
})

it("ends recorded leftovers that are provably ours and leaves every other process alone", async () => {
  const entry = path.join(dir, "entry.mjs")
  writeFileSync(entry, "setInterval(() => {}, 1000); process.stdout.write('up')")
  const ours = spawn(process.execPath, [entry, "--host=llm"])
  const stranger = spawn(process.execPath, [entry, "--host=other"])
  await Promise.all([once(ours.stdout, "data"), once(stranger.stdout, "data")])
  const list = createOrphanList(path.join(dir, "hosts"), silentLogger)
  list.record({ pid: ours.pid!, entry, name: "llm" })
  list.record({ pid: stranger.pid!, entry, name: "llm" })
  writeFileSync(path.join(dir, "hosts", "torn.json"), '{"pid":')
  const oursGone = once(ours, "exit")
  await expect(list.sweep()).resolves.toEqual([ours.pid])
  await oursGone
  expect(stranger.exitCode).toBeNull()
  expect(stranger.signalCode).toBeNull()
  expect(existsSync(path.join(dir, "hosts"))).toBe(false)
  await expect(list.sweep()).resolves.toEqual([])
  const strangerGone = once(stranger, "exit")
  stranger.kill("SIGKILL")
  await strangerGone
})
