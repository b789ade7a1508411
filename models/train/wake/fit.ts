import { createUniform } from "#engines/speech/hibari/noise.ts"
import { embeddingWidth, windowSteps } from "#engines/speech/wakeFeatures.ts"
import { type Windows, windowWidth } from "./features.ts"

/** Outputs of the layer that every embedding goes through, and of the one that sees all of them. */
const stepOutputs = 24
const wholeOutputs = 24

export interface FitOptions {
  seed: number
  epochs: number
  batch: number
  rate: number
  /** Pull of every weight to zero. */
  decay: number
  /** Spread of what is added to the normalised embeddings, so that no single number decides. */
  jitter: number
  /** How much more a missed phrase costs than a false one. */
  phraseWeight: number
}

export interface Weights {
  mean: Float32Array
  scale: Float32Array
  step: { weights: Float32Array; biases: Float32Array }
  whole: { weights: Float32Array; biases: Float32Array }
  last: { weights: Float32Array; biases: Float32Array }
}

export const shape = {
  step: { inputs: embeddingWidth, outputs: stepOutputs },
  whole: { inputs: windowSteps * stepOutputs, outputs: wholeOutputs },
  last: { inputs: wholeOutputs, outputs: 1 },
} as const

/** Cross-entropy by Adam over shuffled batches. The same windows and seed give the same weights. */
export function fitHead(sets: readonly Windows[], options: FitOptions, say: (line: string) => void): Weights {
  const random = createUniform(options.seed)
  const { mean, scale } = normalisation(sets)
  const layers = { step: layer(shape.step, random), whole: layer(shape.whole, random), last: layer(shape.last, random) }
  const places = sets.flatMap((set, index) => Array.from({ length: set.count }, (_, at) => ({ index, at })))
  const input = new Float32Array(windowWidth)
  const steps = new Float32Array(shape.whole.inputs)
  const hidden = new Float32Array(shape.last.inputs)
  const stepsError = new Float32Array(shape.whole.inputs)
  const hiddenError = new Float32Array(shape.last.inputs)
  let updates = 0

  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(places, random)
    const rate = options.rate * (0.5 + 0.5 * Math.cos((Math.PI * epoch) / options.epochs))
    let loss = 0
    for (const [number, { index, at }] of places.entries()) {
      const set = sets[index] as Windows
      const label = set.labels[at] ?? 0
      for (let place = 0; place < windowWidth; place++) {
        const band = place % embeddingWidth
        const value = set.values[at * windowWidth + place] ?? 0
        input[place] =
          (value - (mean[band] ?? 0)) * (scale[band] ?? 0) + options.jitter * (random() + random() + random() - 1.5)
      }
      for (let step = 0; step < windowSteps; step++)
        forward(layers.step, input, step * embeddingWidth, steps, step * stepOutputs, true)
      forward(layers.whole, steps, 0, hidden, 0, true)
      const { weights, biases } = layers.last
      let odds = biases[0] ?? 0
      for (let place = 0; place < wholeOutputs; place++) odds += (weights[place] ?? 0) * (hidden[place] ?? 0)
      const probability = 1 / (1 + Math.exp(-odds))
      const weight = label === 1 ? options.phraseWeight : 1
      loss -= weight * Math.log(Math.max(1e-7, label === 1 ? probability : 1 - probability))

      const error = weight * (probability - label)
      stepsError.fill(0)
      layers.last.biasGradients[0] = (layers.last.biasGradients[0] ?? 0) + error
      for (let place = 0; place < wholeOutputs; place++) {
        const value = hidden[place] ?? 0
        layers.last.gradients[place] = (layers.last.gradients[place] ?? 0) + error * value
        hiddenError[place] = value > 0 ? error * (weights[place] ?? 0) : 0
      }
      backward(layers.whole, steps, 0, hiddenError, 0, stepsError)
      for (let place = 0; place < stepsError.length; place++) if ((steps[place] ?? 0) <= 0) stepsError[place] = 0
      for (let step = 0; step < windowSteps; step++)
        backward(layers.step, input, step * embeddingWidth, stepsError, step * stepOutputs, null)
      if ((number + 1) % options.batch === 0) {
        updates++
        for (const each of Object.values(layers)) adam(each, updates, rate, options)
      }
    }
    say(`epoch ${epoch + 1}: loss ${(loss / places.length).toFixed(4)}`)
  }
  return { mean, scale, ...layers }
}

interface Layer {
  inputs: number
  outputs: number
  weights: Float32Array
  biases: Float32Array
  gradients: Float32Array
  biasGradients: Float32Array
  moments: [Float32Array, Float32Array, Float32Array, Float32Array]
}

function layer({ inputs, outputs }: { inputs: number; outputs: number }, random: () => number): Layer {
  const spread = Math.sqrt(6 / inputs)
  const count = inputs * outputs
  return {
    inputs,
    outputs,
    weights: Float32Array.from({ length: count }, () => (random() * 2 - 1) * spread),
    biases: new Float32Array(outputs),
    gradients: new Float32Array(count),
    biasGradients: new Float32Array(outputs),
    moments: [new Float32Array(count), new Float32Array(count), new Float32Array(outputs), new Float32Array(outputs)],
  }
}

function forward(
  of: Layer,
  input: Float32Array,
  from: number,
  output: Float32Array,
  to: number,
  isRectified: boolean,
): void {
  const { inputs, outputs, weights, biases } = of
  for (let row = 0; row < outputs; row++) {
    let sum = biases[row] as number
    const start = row * inputs
    for (let at = 0; at < inputs; at++) sum += (weights[start + at] as number) * (input[from + at] as number)
    output[to + row] = isRectified && sum < 0 ? 0 : sum
  }
}

/** Adds to the gradients, and to the error of the input where one is asked for. */
function backward(
  of: Layer,
  input: Float32Array,
  from: number,
  error: Float32Array,
  errorFrom: number,
  inputError: Float32Array | null,
): void {
  const { inputs, outputs, weights, gradients, biasGradients } = of
  for (let row = 0; row < outputs; row++) {
    const own = error[errorFrom + row] as number
    if (own === 0) continue
    biasGradients[row] = (biasGradients[row] as number) + own
    const start = row * inputs
    for (let at = 0; at < inputs; at++) {
      gradients[start + at] = (gradients[start + at] as number) + own * (input[from + at] as number)
      if (inputError) inputError[at] = (inputError[at] as number) + own * (weights[start + at] as number)
    }
  }
}

function adam(of: Layer, time: number, rate: number, { batch, decay }: FitOptions): void {
  const update = (
    values: Float32Array,
    gradients: Float32Array,
    first: Float32Array,
    second: Float32Array,
    pull: number,
  ) => {
    const firstBias = 1 - 0.9 ** time
    const secondBias = 1 - 0.999 ** time
    for (let at = 0; at < values.length; at++) {
      const gradient = (gradients[at] as number) / batch + pull * (values[at] as number)
      first[at] = 0.9 * (first[at] as number) + 0.1 * gradient
      second[at] = 0.999 * (second[at] as number) + 0.001 * gradient * gradient
      values[at] =
        (values[at] as number) -
        (rate * ((first[at] as number) / firstBias)) / (Math.sqrt((second[at] as number) / secondBias) + 1e-8)
      gradients[at] = 0
    }
  }
  update(of.weights, of.gradients, of.moments[0], of.moments[1], decay)
  update(of.biases, of.biasGradients, of.moments[2], of.moments[3], 0)
}

/** Mean and the inverse of the spread of each of an embedding's numbers. */
function normalisation(sets: readonly Windows[]): { mean: Float32Array; scale: Float32Array } {
  const sums = new Float64Array(embeddingWidth)
  const squares = new Float64Array(embeddingWidth)
  let count = 0
  for (const { values } of sets)
    for (let at = 0; at < values.length; at += embeddingWidth * 5) {
      count++
      for (let band = 0; band < embeddingWidth; band++) {
        const value = values[at + band] ?? 0
        sums[band] = (sums[band] ?? 0) + value
        squares[band] = (squares[band] ?? 0) + value * value
      }
    }
  const mean = Float32Array.from(sums, (sum) => sum / count)
  const scale = Float32Array.from(
    squares,
    (square, band) => 1 / Math.sqrt(square / count - (mean[band] ?? 0) ** 2 + 1e-3),
  )
  return { mean, scale }
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const kept = items[at] as T
    items[at] = items[other] as T
    items[other] = kept
  }
}
