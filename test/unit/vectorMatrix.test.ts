import fc from "fast-check"
import { expect, it } from "vitest"
import { nearest } from "#store/nearest.ts"
import { createVectorMatrix } from "#store/vectorMatrix.ts"
import { assemble } from "../../native/vectorKernel/assemble.ts"
import { kernelCode } from "../../native/vectorKernel/kernel.ts"
import { createGeneratedLibrary, createRandom } from "../fakes/generatedLibrary.ts"

it("keeps the assembled kernel beside its source", async () => {
  expect(kernelCode).toBe(await assemble())
})

it("ranks as exact cosines do, whatever was added, replaced and deleted before", () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("set", "set", "set", "delete"),
      seq: fc.integer({ min: 1, max: 2000 }),
      seed: fc.nat(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 70 }), (list, dimensions) => {
      const matrix = createVectorMatrix(dimensions)
      const known = new Map<number, Float32Array>()
      for (const { kind, seq, seed } of list) {
        const random = createRandom(seed + 1)
        if (kind === "delete") {
          matrix.delete(seq)
          known.delete(seq)
        } else {
          const vector = Float32Array.from({ length: dimensions }, () => 10 * (random() - 0.5))
          matrix.set(seq, (seq % 7) + 1, vector)
          known.set(seq, vector)
        }
      }
      expect(matrix.size).toBe(known.size)
      const random = createRandom(99)
      const query = Float32Array.from({ length: dimensions }, () => random() - 0.5)
      const documents = new Uint8Array(9).fill(1, 2, 5)
      for (const allowed of [null, documents]) {
        const rows = [...known].filter(([seq]) => allowed === null || allowed[(seq % 7) + 1] === 1)
        const exact = nearest(query, rows, rows.length)
        const found = matrix.nearest(query, allowed, rows.length + 1)
        expect(found.map(({ seq }) => seq).sort()).toEqual(exact.map(({ seq }) => seq).sort())
        // The scale of the query is left out of the scores: what counts is their proportion.
        const scale = exact.length > 0 && exact[0]!.score !== 0 ? scaleOf(found, exact) : 1
        const bySeq = new Map(exact.map(({ seq, score }) => [seq, score]))
        for (const { seq, score } of found) expect(Math.abs(score / scale - bySeq.get(seq)!)).toBeLessThan(0.02)
      }
    }),
    { numRuns: 60 },
  )
})

it("crosses the border of its blocks and keeps the ten nearest of twenty right", () => {
  const library = createGeneratedLibrary(3)
  const vectors = Array.from({ length: 2500 }, () => library.vector())
  const matrix = createVectorMatrix(384)
  for (const [seq, vector] of vectors.entries()) expect(matrix.set(seq, 1, vector)).toBe(true)
  for (let round = 0; round < 20; round++) {
    const query = library.vector()
    const rough = new Set(matrix.nearest(query, null, 36).map(({ seq }) => seq))
    for (const { seq } of nearest(query, vectors.entries(), 10)) expect(rough.has(seq)).toBe(true)
  }
})

it("takes no vector without a direction, and drops the one it had", () => {
  const matrix = createVectorMatrix(3)
  expect(matrix.set(5, 1, Float32Array.of(1, 0, 0))).toBe(true)
  for (const bad of [
    [Number.NaN, 0, 1],
    [0, 0, 0],
    [Number.POSITIVE_INFINITY, 0, 0],
  ]) {
    expect(matrix.set(6, 1, Float32Array.from(bad))).toBe(false)
  }
  expect(matrix.size).toBe(1)
  expect(matrix.set(5, 1, Float32Array.of(Number.NaN, 0, 0))).toBe(false)
  expect(matrix.size).toBe(0)
  expect(matrix.nearest(Float32Array.of(Number.NaN, 0, 0), null, 3)).toEqual([])
})

function scaleOf(
  found: readonly { seq: number; score: number }[],
  exact: readonly { seq: number; score: number }[],
): number {
  const largest = exact.reduce((best, row) => (Math.abs(row.score) > Math.abs(best.score) ? row : best))
  const score = found.find(({ seq }) => seq === largest.seq)!.score
  return score / largest.score || 1
}
