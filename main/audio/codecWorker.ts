/** The codec thread: decodes and encodes one request after the other. */
import { parentPort } from "node:worker_threads"
import { closeNetwork } from "#core/egress/closeNetwork.ts"
import { AppError } from "#core/errors.ts"
import type { CodecReply, CodecRequest } from "./audioCodecs.ts"
import { decodeAudio } from "./decodeAudio.ts"
import { encodeAudio } from "./encodeAudio.ts"

closeNetwork()
const port = parentPort
if (!port) throw new Error("The codec thread is started by the core.")
// Ending the thread is what cancels a request.
const { signal } = new AbortController()

port.on("message", async (request: CodecRequest) => {
  try {
    if (request.kind === "decode") {
      const decoded = await decodeAudio(request.bytes, request.options, signal)
      port.postMessage({ kind: "done", result: decoded } satisfies CodecReply, [decoded.samples.buffer as ArrayBuffer])
    } else {
      const encoded = await encodeAudio(request.samples, request.sampleRate, request.format)
      port.postMessage({ kind: "done", result: encoded } satisfies CodecReply, [encoded.bytes.buffer])
    }
  } catch (error) {
    const known = error instanceof AppError ? error : undefined
    port.postMessage({
      kind: "failed",
      code: known?.code ?? "audio.damaged",
      message: known?.message ?? "The sound file could not be read.",
      remedy: known?.remedy,
    } satisfies CodecReply)
  }
})
