import type { EmbeddingRequest } from "#contract/openai.ts"
import type { ServerDeps } from "../deps.ts"
import type { RequestInfo } from "../handlers.ts"
import { badParameter } from "./openAiErrors.ts"
import { checkModelOfRole } from "./openAiModels.ts"
import type { OpenAiReply } from "./openAiReply.ts"

type Embed = (body: EmbeddingRequest, info: RequestInfo) => Promise<OpenAiReply>
type Decode = (ids: number[]) => string

/** `POST /v1/embeddings`. Token arrays are cl100k ids, as clients of OpenAI's embedders send them, and are decoded first. */
export function createEmbeddings(deps: Pick<ServerDeps, "rag" | "models">): Embed {
  let decoder: Promise<Decode> | undefined
  const decode = (ids: number[]): Promise<string> => {
    decoder ??= openDecoder()
    return decoder.then((decodeIds) => decodeIds(ids))
  }
  return (body, info) => embed(body, info, deps, decode)
}

/** A megabyte of ranks, read only for clients that send ids. */
async function openDecoder(): Promise<Decode> {
  const { Tiktoken } = await import("js-tiktoken/lite")
  const { default: ranks } = await import("js-tiktoken/ranks/cl100k_base")
  const tokens = new Tiktoken(ranks)
  return (ids) => tokens.decode(ids)
}

async function embed(
  body: EmbeddingRequest,
  { signal }: RequestInfo,
  deps: Pick<ServerDeps, "rag" | "models">,
  decode: (ids: number[]) => Promise<string>,
): Promise<OpenAiReply> {
  const texts = await textsOf(body.input, decode)
  if (texts.length === 0) throw badParameter("input", "`input` is empty.")
  if (texts.some((text) => text === "")) throw badParameter("input", "`input` must not hold an empty text.")
  await checkModelOfRole(body.model, "embedder", deps)
  const result = await deps.rag.embed(texts, body.model, signal)
  const dimensions = body.dimensions ?? result.dimensions
  if (dimensions > result.dimensions)
    throw badParameter("dimensions", `The model ${result.modelId} has ${result.dimensions} dimensions.`)
  return {
    kind: "json",
    value: {
      object: "list",
      data: result.vectors.map((vector, index) => {
        const cut = dimensions < vector.length ? renormalise(vector.subarray(0, dimensions)) : vector
        return {
          object: "embedding",
          index,
          embedding: body.encoding_format === "base64" ? toBase64(cut) : Array.from(cut),
        }
      }),
      model: body.model,
      usage: { prompt_tokens: result.tokens, total_tokens: result.tokens },
    },
  }
}

async function textsOf(
  input: EmbeddingRequest["input"],
  decode: (ids: number[]) => Promise<string>,
): Promise<string[]> {
  if (typeof input === "string") return [input]
  const texts: string[] = []
  const ids: number[] = []
  for (const item of input) {
    if (typeof item === "string") texts.push(item)
    else if (typeof item === "number") ids.push(item)
    else texts.push(await decode(item))
  }
  return ids.length > 0 ? [await decode(ids)] : texts
}

/** Cutting a vector shortens it: cosine and dot product agree again once it has unit length. */
function renormalise(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => value / length)
}

/** Little-endian f32, whatever the machine's own order. */
function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString("base64")
}
