import type { GenerateRequest } from "../types.ts"

/** Sampling by the names that OpenAI's protocol and Ollama's options share; what was not asked for stays undefined and is not sent. */
export const samplingFields = (request: GenerateRequest) => ({
  temperature: request.temperature,
  top_p: request.topP,
  top_k: request.topK,
  min_p: request.minP,
  seed: request.seed,
  stop: request.stop?.length ? request.stop : undefined,
  presence_penalty: request.presencePenalty,
  frequency_penalty: request.frequencyPenalty,
  repeat_penalty: request.repeatPenalty,
})
