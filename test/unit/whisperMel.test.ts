import { expect, it } from "vitest"
import { whisperMel } from "#engines/speech/whisperMel.ts"

it("computes what Whisper's own feature extractor computes", () => {
  const samples = Float32Array.from(
    { length: 128_000 },
    (_, n) => 0.3 * Math.sin((2 * Math.PI * (150 + n * 0.01) * n) / 16_000) * Math.min(1, n / 64_000),
  )
  const values = whisperMel(samples)
  expect(values).toHaveLength(80 * 800)
  // WhisperFeatureExtractor(chunk_length=8) without normalisation.
  const golden = {
    0: [-0.6907, -0.342, -0.6907, -0.6907, -0.6907],
    100: [-0.6907, -0.4594, -0.6095, -0.6907, -0.6907],
    400: [-0.6907, -0.6907, -0.6907, -0.2482, -0.6907],
    799: [-0.204, -0.2032, -0.1831, -0.0764, -0.4329],
  }
  for (const [frame, expected] of Object.entries(golden))
    for (const [n, bin] of [0, 5, 20, 40, 79].entries())
      expect(values[bin * 800 + Number(frame)], `frame ${frame}, bin ${bin}`).toBeCloseTo(expected[n] as number, 3)
})
