import { access, constants } from "node:fs/promises"
import { InferenceSession } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"

export interface SessionOptions {
  /** Threads inside one operator. Small speech graphs are fastest with one. */
  threads: number
  /** Inputs the caller feeds; a graph without one of them is another architecture. */
  inputs: readonly string[]
  /** Keeps freed tensors for reuse: faster, at the price of memory that grows with the longest input. Default true. */
  keepsArena?: boolean
}

/** Opens an ONNX or ORT graph on the CPU. Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function openSession(path: string, options: SessionOptions): Promise<InferenceSession> {
  try {
    await access(path, constants.R_OK)
  } catch (cause) {
    throw new AppError("model.missing", "The model's file is not there or cannot be read.", {
      remedy: "Run `zenglow models pull`, or choose another model.",
      cause,
    })
  }
  let session: InferenceSession
  try {
    session = await InferenceSession.create(path, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      enableCpuMemArena: options.keepsArena ?? true,
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    })
  } catch (cause) {
    throw new AppError("model.corrupt", "The model's file cannot be read as a network.", {
      remedy: "Run `zenglow models verify`, then pull the model again.",
      cause,
    })
  }
  const missing = options.inputs.filter((name) => !session.inputNames.includes(name))
  if (missing.length > 0) {
    await session.release()
    throw new AppError("model.incompatible", `The model lacks the input ${missing[0]}: it is of another kind.`, {
      remedy: "Choose a model from `zenglow models list`.",
    })
  }
  return session
}
