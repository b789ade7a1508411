import { createRandom } from "./random.ts"

/** Where as many targets are refused as impostors are let in. */
export function equalErrorRate(
  targets: readonly number[],
  impostors: readonly number[],
): { rate: number; threshold: number } {
  const scores = [
    ...targets.map((score) => ({ score, isTarget: true })),
    ...impostors.map((score) => ({ score, isTarget: false })),
  ].sort((a, b) => a.score - b.score)
  let refused = 0
  let letIn = impostors.length
  let best = { rate: 1, threshold: 0, gap: Number.POSITIVE_INFINITY }
  for (const { score, isTarget } of scores) {
    const misses = refused / targets.length
    const alarms = letIn / impostors.length
    if (Math.abs(misses - alarms) < best.gap) {
      best = { rate: (misses + alarms) / 2, threshold: score, gap: Math.abs(misses - alarms) }
    }
    if (isTarget) refused++
    else letIn--
  }
  return { rate: best.rate, threshold: best.threshold }
}

/** 95 % interval of the equal error rate over resampled pairs. */
export function bootstrapInterval(
  targets: readonly number[],
  impostors: readonly number[],
  rounds: number,
  seed: number,
): [number, number] {
  const random = createRandom(seed)
  const resampled = (values: readonly number[]): number[] =>
    values.map(() => values[Math.floor(random() * values.length)] as number)
  const rates = Array.from({ length: rounds }, () => equalErrorRate(resampled(targets), resampled(impostors)).rate)
  rates.sort((a, b) => a - b)
  return [rates[Math.floor(rounds * 0.025)] as number, rates[Math.floor(rounds * 0.975)] as number]
}
