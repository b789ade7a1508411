import { Worker } from "node:worker_threads"
import type { ErrorCode } from "#contract/errors.ts"
import { AppError } from "#core/errors.ts"
import type { DecodedAudio, DecodeOptions } from "./decodeAudio.ts"
import type { AudioFormat, EncodedAudio } from "./encodeAudio.ts"

/** Decoding and encoding away from the core's loop. */
export interface AudioCodecs {
  /** As `decodeAudio`. Bytes that fill their whole buffer, as those of a file do, move to the thread and are gone here: copying half an hour holds the loop. */
  decodeAudio(bytes: Uint8Array, options: DecodeOptions, signal: AbortSignal): Promise<DecodedAudio>
  /** As `encodeAudio`. */
  encodeAudio(
    samples: Float32Array,
    sampleRate: number,
    format: AudioFormat,
    signal?: AbortSignal,
  ): Promise<EncodedAudio>
  close(): Promise<void>
}

export type CodecRequest =
  | { kind: "decode"; bytes: Uint8Array; options: DecodeOptions }
  | { kind: "encode"; samples: Float32Array; sampleRate: number; format: AudioFormat }

export type CodecReply =
  | { kind: "done"; result: DecodedAudio | EncodedAudio }
  | { kind: "failed"; code: ErrorCode; message: string; remedy: string | undefined }

/**
 * One thread decodes, another encodes, so that a long upload does not hold back a spoken answer. Threads start with the first
 * request; an abort ends the thread, the next request starts another.
 * @param workerEntry `codecWorker.ts`, or its bundle in builds.
 */
export function createAudioCodecs({ workerEntry }: { workerEntry: URL }): AudioCodecs {
  const decoding = createLane(workerEntry)
  const encoding = createLane(workerEntry)
  return {
    decodeAudio: (bytes, options, signal) =>
      decoding.run({ kind: "decode", bytes, options }, signal) as Promise<DecodedAudio>,
    encodeAudio: (samples, sampleRate, format, signal = new AbortController().signal) =>
      encoding.run({ kind: "encode", samples, sampleRate, format }, signal) as Promise<EncodedAudio>,
    async close() {
      await Promise.all([decoding.close(), encoding.close()])
    },
  }
}

/** One thread, one request at a time, in the order they came. */
function createLane(workerEntry: URL) {
  let worker: Worker | undefined
  let isClosed = false
  let last: Promise<unknown> = Promise.resolve()

  const end = async (): Promise<void> => {
    const ended = worker
    worker = undefined
    await ended?.terminate()
  }

  const start = (): Worker => {
    worker = new Worker(workerEntry, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 1024 } })
    // An idle thread must not keep the process alive.
    worker.unref()
    return worker
  }

  const runNow = (request: CodecRequest, signal: AbortSignal): Promise<CodecReply> => {
    signal.throwIfAborted()
    if (isClosed) throw new AppError("core.stopping", "ZenGlow is stopping.")
    const thread = worker ?? start()
    return new Promise<CodecReply>((resolve, reject) => {
      const abort = (): void => {
        reject(signal.reason)
        void end()
      }
      const fail = (cause?: unknown): void => {
        if (worker === thread) worker = undefined
        reject(
          new AppError("engine.crashed", "The codec thread ended while it worked on a sound file.", {
            remedy: "Try again; if it repeats with the same file, convert the file to WAV.",
            cause,
          }),
        )
      }
      const exit = () => fail()
      const settle = (act: () => void): void => {
        thread.unref()
        signal.removeEventListener("abort", abort)
        thread.off("error", fail)
        thread.off("exit", exit)
        act()
      }
      thread.ref()
      signal.addEventListener("abort", abort, { once: true })
      thread.once("message", (reply: CodecReply) => settle(() => resolve(reply)))
      thread.once("error", fail)
      thread.once("exit", exit)
      thread.postMessage(request, movable(request))
    })
  }

  return {
    async run(request: CodecRequest, signal: AbortSignal): Promise<DecodedAudio | EncodedAudio> {
      const reply = last.then(() => runNow(request, signal))
      last = reply.catch(() => undefined)
      const answered = await untilAborted(reply, signal)
      if (answered.kind === "done") return answered.result
      throw new AppError(answered.code, answered.message, answered.remedy ? { remedy: answered.remedy } : {})
    },
    async close() {
      isClosed = true
      await end()
    },
  }
}

/** A piece of a larger buffer is copied: the rest of it belongs to others. */
function movable(request: CodecRequest): ArrayBuffer[] {
  if (request.kind !== "decode") return []
  const { buffer, byteLength } = request.bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
}

/** A caller that waits in line leaves it at once when it aborts. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener("abort", abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
}
