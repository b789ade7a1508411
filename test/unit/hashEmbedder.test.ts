import { describe, expect, it } from "vitest"
import { dot as cosine } from "#core/dot.ts"
import { createHashEmbedder } from "#engines/onnx/hashEmbedder.ts"

const { signal } = new AbortController()
const embed = (texts: string[]) => createHashEmbedder().embed(texts, "passage", signal)

describe("hash embedder", () => {
  it("puts the passage that answers before the ones that do not", async () => {
    const [question, ...passages] = (await embed([
      "How often should the filter be changed?",
      "Replace the water filter every six months; changing filters late lowers the pressure.",
      "The display shows how often the pump was started since it should last be serviced.",
      "Our office is closed on public holidays.",
    ])) as [Float32Array, ...Float32Array[]]
    const scores = passages.map((passage) => cosine(question, passage))
    expect(scores[0]).toBeGreaterThan((scores[1] as number) + 0.1)
    expect(Math.abs(scores[2] as number)).toBeLessThan(0.15)
  })

  it("forgives word order, endings and a typing error", async () => {
    const [text, shuffled, endings, typo, other] = (await embed([
      "The annual inspection of heating boilers",
      "boilers heating of inspection annual The",
      "Annually inspecting the heated boiler",
      "The anual inspection of heating boilers",
      "A recipe for lemon cake with almonds",
    ])) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]
    expect(cosine(text, shuffled)).toBeGreaterThan(0.8)
    expect(cosine(text, endings)).toBeGreaterThan(0.5)
    expect(cosine(text, typo)).toBeGreaterThan(0.7)
    expect(Math.abs(cosine(text, other))).toBeLessThan(0.2)
  })

  it("gives unit vectors that never change, for any text", async () => {
    const texts = ["", "the of and", "漢字とかな", "\uD800 broken", "x".repeat(100_000), "Pump 4711"]
    const first = await embed(texts)
    for (const vector of first) expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    expect(await embed(texts)).toEqual(first)
  })

  it("stops between texts when it is aborted", async () => {
    const controller = new AbortController()
    const running = createHashEmbedder().embed(Array(1000).fill("one more passage"), "passage", controller.signal)
    controller.abort(new Error("enough"))
    await expect(running).rejects.toThrow("enough")
  })
})
