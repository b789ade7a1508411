import { createOnnxGraph } from "../../models/export/onnxGraph.ts"
import { createRandom } from "./random.ts"

const words =
  "[PAD] [UNK] [CLS] [SEP] how often do i change the filter boiler jug is changed every month year . ?".split(" ")
const width = 8

/**
 * A cross-encoder with random weights and the inputs and output of a published one: `tanh(Σ mask · (word + type · place)) · out`, one
 * number per pair. Small enough to be computed again by `score`.
 */
export function tinyCrossEncoder(outputs = 1): {
  model: Uint8Array
  tokenizer: string
  /** Of the token ids of `[CLS] question [SEP] text [SEP]`, where `second` is the text's first place. */
  score(ids: readonly number[], second: number): number
  idOf(word: string): number
} {
  const random = createRandom(11)
  const values = (length: number): Float32Array => Float32Array.from({ length }, () => random() - 0.5)
  const word = values(words.length * width)
  const type = values(2 * width)
  const out = values(width * outputs)
  const graph = createOnnxGraph({ opset: 17, producer: "zenglow-test" })
  const embedded = graph.op("Add", [
    graph.op("Gather", [graph.constant("word", [words.length, width], word), "input_ids"]),
    graph.op("Gather", [graph.constant("type", [2, width], type), "token_type_ids"]),
  ])
  const mask = graph.op("Unsqueeze", [graph.op("Cast", ["attention_mask"], { to: 1 }), graph.integers(-1)])
  const sum = graph.op("ReduceSum", [graph.op("Mul", [embedded, mask]), graph.integers(1)], { keepdims: 0 })
  const logits = graph.op("MatMul", [graph.op("Tanh", [sum]), graph.constant("out", [width, outputs], out)])
  const inputs = ["input_ids", "attention_mask", "token_type_ids"].map((name) => ({
    name,
    shape: ["batch", "sequence"],
    type: "int64" as const,
  }))
  return {
    model: graph.finish(inputs, [{ node: logits, name: "logits", shape: ["batch", outputs] }]),
    tokenizer: JSON.stringify({
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: {
        type: "TemplateProcessing",
        single: [special("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, special("[SEP]")],
        pair: [],
        special_tokens: Object.fromEntries(
          ["[CLS]", "[SEP]"].map((name) => [name, { id: name, ids: [words.indexOf(name)], tokens: [name] }]),
        ),
      },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(words.map((name, id) => [name, id])),
      },
    }),
    score(ids, second) {
      let score = 0
      for (let at = 0; at < width; at++) {
        let value = 0
        for (const [place, id] of ids.entries()) {
          value += (word[id * width + at] as number) + (type[(place < second ? 0 : 1) * width + at] as number)
        }
        score += Math.tanh(value) * (out[at * outputs] as number)
      }
      return score
    },
    idOf: (name) => Math.max(words.indexOf(name), words.indexOf("[UNK]")),
  }
}

const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
