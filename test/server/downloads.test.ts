import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, expect, it } from "vitest"
import { AppError } from "#core/errors.ts"
import { type InstallDeps, installModel } from "#models/install.ts"
import { createUrlGuard } from "#models/urlGuard.ts"
import { type Behaviour, type HostileServer, startHostileServer } from "../fakes/hostileServer.ts"
import { makeBytes, makeInstallDeps, makeModel, urlSource } from "../fakes/installSetup.ts"

const content = makeBytes(300_000)
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function setUp(
  behave: (requestNumber: number, path: string) => Behaviour,
  changes: Partial<InstallDeps> = {},
): Promise<{
  server: HostileServer
  deps: Awaited<ReturnType<typeof makeInstallDeps>>
  model: ReturnType<typeof makeModel>
  install: (signal?: AbortSignal, onProgress?: (done: number) => void) => Promise<void>
  path: string
  /** Files of the model that anybody could take for whole. */
  visible: () => Promise<string[]>
}> {
  const server = await startHostileServer(content, behave)
  closers.push(server.close)
  const deps = await makeInstallDeps({ trustedOrigins: [server.origin], ...changes })
  closers.push(deps.remove)
  const model = makeModel({ "weights.bin": content }, [urlSource({ "weights.bin": `${server.origin}/weights.bin` })])
  return {
    server,
    deps,
    model,
    install: (signal = new AbortController().signal, onProgress = () => {}) =>
      installModel(model, deps, ({ doneBytes }) => onProgress(doneBytes), signal),
    path: join(deps.modelsDir, model.id, "weights.bin"),
    visible: async () =>
      (await readdir(join(deps.modelsDir, model.id)).catch(() => [])).filter((name) => !name.startsWith(".")),
  }
}

it("puts a cut download together, going on where each cut was", async () => {
  const cuts = [70_001, 1, 65_536, 99_999]
  const { server, install, path } = await setUp((number) => {
    const cutAfter = cuts[number - 1]
    return cutAfter === undefined ? {} : { cutAfter }
  })
  await install()
  expect(await readFile(path)).toEqual(content)
  expect(server.requests.length).toBe(cuts.length + 1)
  expect(server.requests.slice(1).some(({ range }) => /^bytes=[1-9]\d*-$/.test(range ?? ""))).toBe(true)
})

it("survives cuts at random offsets", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = makeBytes(64, seed)
    const { install, path } = await setUp((number) =>
      number > 4 ? {} : { cutAfter: 1 + (((random[number] ?? 0) * 1171 + (random[number + 8] ?? 0)) % 290_000) },
    )
    await install()
    expect(await readFile(path), `seed ${seed}`).toEqual(content)
  }
})

it("starts over with a server that knows no ranges, and gives up when it never gets further", async () => {
  const patient = await setUp((number) => ({ ignoresRange: true, ...(number < 3 ? { cutAfter: 100_000 } : {}) }))
  await patient.install()
  expect(await readFile(patient.path)).toEqual(content)

  const hopeless = await setUp(() => ({ ignoresRange: true, cutAfter: 100_000 }))
  await expect(hopeless.install()).rejects.toMatchObject({ code: "download.failed" })
  expect(await hopeless.visible()).toEqual([])
  expect(hopeless.server.requests.length).toBeLessThan(10)
})

it("does not mix two versions when the file changes between attempts", async () => {
  const old = makeBytes(content.length, 99)
  const honest = await setUp((number) => (number === 1 ? { body: old, etag: '"old"', cutAfter: 120_000 } : {}))
  await honest.install()
  expect(await readFile(honest.path)).toEqual(content)

  const careless = await setUp((number) =>
    number === 1 ? { body: old, etag: '"old"', cutAfter: 120_000 } : { ignoresIfRange: true },
  )
  await careless.install()
  expect(await readFile(careless.path)).toEqual(content)
})

it("refuses a file of the wrong length before and after it arrives", async () => {
  for (const body of [content.subarray(0, -1), Buffer.concat([content, Buffer.from("x")])]) {
    const { install, visible } = await setUp(() => ({ body }))
    await expect(install()).rejects.toMatchObject({ code: "download.bad-hash" })
    expect(await visible()).toEqual([])
  }
})

it("refuses a file with one flipped bit and removes the part", async () => {
  const body = Buffer.from(content)
  body[150_000] = (body[150_000] ?? 0) ^ 1
  const { install, visible, deps, model } = await setUp(() => ({ body }))
  await expect(install()).rejects.toMatchObject({ code: "download.bad-hash" })
  expect(await visible()).toEqual([])
  const left = await readdir(join(deps.modelsDir, ".incoming", model.id))
  expect(left.filter((name) => name.endsWith(".part"))).toEqual([])
})

it("does not accept another part of the file than it asked for", async () => {
  const { install, path } = await setUp((number) =>
    number === 1 ? { cutAfter: 100_000 } : number === 2 ? { shiftsRangeBy: 10 } : {},
  )
  await install()
  expect(await readFile(path)).toEqual(content)
})

it("follows redirects, but never to a private address or away from https", async () => {
  const honest = await setUp((_, path) =>
    path === "/weights.bin" ? { status: 302, location: "/moved/weights.bin" } : {},
  )
  await honest.install()
  expect(await readFile(honest.path)).toEqual(content)

  for (const location of [
    "https://10.0.0.1/weights.bin",
    "https://[::1]/weights.bin",
    "https://169.254.169.254/latest",
    "http://example.com/weights.bin",
    "file:///etc/passwd",
  ]) {
    const asked: string[] = []
    const spy: typeof fetch = (input, init) => {
      asked.push(String(input))
      return fetch(input, init)
    }
    const { install, visible, server } = await setUp(() => ({ status: 302, location }), { fetch: spy })
    await expect(install(), location).rejects.toMatchObject({ code: "download.failed" })
    expect(asked, location).toEqual([`${server.origin}/weights.bin`])
    expect(await visible()).toEqual([])
  }
})

it("refuses a public name that leads to a private address", async () => {
  const guard = createUrlGuard({ lookup: async () => [{ address: "192.168.1.10", family: 4 }] })
  await expect(guard(new URL("https://models.example.com/a"))).rejects.toMatchObject({ code: "download.failed" })
})

it("ends a redirect loop", async () => {
  const { install, server } = await setUp(() => ({ status: 302, location: "/weights.bin" }))
  await expect(install()).rejects.toMatchObject({ code: "download.failed" })
  expect(server.requests.length).toBeLessThan(20)
})

it("notices a stalled connection and goes on from there", async () => {
  const { install, path, server } = await setUp((number) => (number === 1 ? { stallAfter: 90_000 } : {}), {
    stallTimeoutMs: 150,
  })
  await install()
  expect(await readFile(path)).toEqual(content)
  expect(server.requests[1]?.range).toBe("bytes=90000-")
})

it("keeps the part on pause and asks only for the rest afterwards", async () => {
  const { install, path, server, visible } = await setUp((number) => (number === 1 ? { stallAfter: 100_000 } : {}))
  const controller = new AbortController()
  const reason = new AppError("download.cancelled", "Paused.")
  await expect(
    install(controller.signal, (done) => {
      if (done >= 100_000) controller.abort(reason)
    }),
  ).rejects.toBe(reason)
  expect(await visible()).toEqual([])
  await install()
  expect(server.requests[1]).toMatchObject({ range: "bytes=100000-", ifRange: '"one"' })
  expect(await readFile(path)).toEqual(content)
})

it("asks the disk first and downloads nothing when it is full", async () => {
  const { install, server } = await setUp(() => ({}), { freeBytes: async () => 1_000_000 })
  await expect(install()).rejects.toMatchObject({ code: "download.no-space" })
  expect(server.requests).toEqual([])
})

it("makes no connection in offline mode", async () => {
  const { install, server } = await setUp(() => ({}), { isOffline: () => true })
  await expect(install()).rejects.toMatchObject({ code: "download.offline" })
  expect(server.requests).toEqual([])
})

it("takes the next source when one is missing, wrong or silent, and does not ask a silent family again", async () => {
  const good = await setUp(() => ({}))
  const bad = await startHostileServer(content, () => ({ status: 404 }))
  closers.push(bad.close)
  const closed = await startHostileServer(content, () => ({}))
  await closed.close()
  const deps = await makeInstallDeps({ trustedOrigins: [good.server.origin, bad.origin, closed.origin] })
  closers.push(deps.remove)
  const at = (origin: string, family: "huggingface" | "moonshine" | "github") => ({
    ...urlSource({ "weights.bin": `${origin}/weights.bin` }),
    family,
  })
  const model = makeModel({ "weights.bin": content }, [
    at(closed.origin, "huggingface"),
    at(bad.origin, "moonshine"),
    at(good.server.origin, "github"),
  ] as never)
  await installModel(model, deps, () => {}, new AbortController().signal)
  expect(await readFile(join(deps.modelsDir, model.id, "weights.bin"))).toEqual(content)
  expect(deps.reachability.isDown("huggingface")).toBe(true)
  expect(deps.reachability.isDown("moonshine")).toBe(false)

  const onlyClosed = makeModel({ "weights.bin": content }, [at(closed.origin, "huggingface")] as never, "other")
  await expect(installModel(onlyClosed, deps, () => {}, new AbortController().signal)).rejects.toMatchObject({
    code: "download.no-source",
  })
})

it("fetches a damaged file again and leaves the good ones alone", async () => {
  const { install, server, path } = await setUp(() => ({}))
  await install()
  await install()
  expect(server.requests.length).toBe(1)
  await writeFile(path, content.subarray(0, 1000))
  await install()
  expect(server.requests.length).toBe(2)
  expect(await readFile(path)).toEqual(content)
})

it("loses nothing when the process is killed in the middle", async () => {
  const { server, deps, model, path, visible, install } = await setUp((number) =>
    number <= 3 ? { stallAfter: 40_000 + number * 20_000 } : {},
  )
  const script = fileURLToPath(new URL("../fakes/installProcess.ts", import.meta.url))
  const input = JSON.stringify({ model, modelsDir: deps.modelsDir, origin: server.origin })
  let before = 0
  for (let round = 1; round <= 3; round++) {
    const child = spawn(process.execPath, [script, input], { stdio: ["ignore", "pipe", "inherit"] })
    const target = before + 40_000 + round * 20_000
    for await (const chunk of child.stdout) {
      if (Number(String(chunk).trim().split("\n").at(-1)) >= Math.min(target, content.length - 1)) break
    }
    child.kill("SIGKILL")
    await once(child, "exit")
    expect(await visible()).toEqual([])
    before = (await stat(join(deps.modelsDir, ".incoming", model.id, "weights.bin.part"))).size
  }
  await install()
  expect(await readFile(path)).toEqual(content)
  expect(server.requests.map(({ range }) => range).slice(1)).toEqual(["bytes=60000-", "bytes=140000-", "bytes=240000-"])
})
