import { expect, it } from "vitest"
import { melFilterbank } from "#engines/speech/melFilterbank.ts"

it("computes what Kaldi computes", () => {
  const samples = Float32Array.from(
    { length: 16_000 },
    (_, n) =>
      0.5 * Math.sin((2 * Math.PI * 1000 * n) / 16_000) * (n / 16_000) +
      0.1 * Math.sin((2 * Math.PI * (200 + n * 0.1) * n) / 16_000),
  )
  const { values, frames, bins } = melFilterbank(samples)
  expect([frames, bins]).toEqual([98, 80])
  // kaldi-native-fbank 1.x: povey window, no dither, 80 bins from 20 to 8,000 Hz; each bin's mean subtracted.
  const golden = {
    0: [1.927, 9.25, -6.803, -6.665, -4.735, 0],
    50: [-1.471, -1.045, 0.592, 0.552, 15.552, 0],
    97: [0.749, 0.095, 1.894, 1.853, -1.582, 0],
  }
  for (const [frame, expected] of Object.entries(golden))
    for (const [n, bin] of [0, 10, 27, 28, 40, 79].entries())
      expect(values[Number(frame) * bins + bin], `frame ${frame}, bin ${bin}`).toBeCloseTo(expected[n] as number, 2)
})

it("has no frame in less than a window", () => {
  expect(melFilterbank(new Float32Array(399)).frames).toBe(0)
})
