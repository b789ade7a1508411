import workletUrl from "./microphone.worklet.ts?worker&url"

export interface Microphone {
  /** Releases the device; no frame comes after this. */
  close(): void
}

/** Why there is no microphone, and what to do about it. */
export type MicrophoneProblem = "denied" | "missing" | "busy" | "insecure"

/**
 * Opens the microphone. Frames are 16 kHz mono, 30 ms; `rms` is 0..1.
 * Throws a `MicrophoneError` that names what is wrong.
 */
export async function openMicrophone(
  deviceId: string | null,
  onFrame: (samples: Int16Array, rms: number) => void,
): Promise<Microphone> {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError("insecure")
  const stream = await navigator.mediaDevices
    .getUserMedia({
      audio: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
        channelCount: 1,
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    })
    .catch((error: unknown) => {
      throw new MicrophoneError(problemOf(error))
    })
  const context = new AudioContext()
  const close = () => {
    for (const track of stream.getTracks()) track.stop()
    void context.close().catch(() => undefined)
  }
  try {
    await context.audioWorklet.addModule(workletUrl)
    await context.resume()
  } catch {
    close()
    throw new MicrophoneError("busy")
  }
  const node = new AudioWorkletNode(context, "zenglow-microphone", { numberOfOutputs: 0 })
  let isOpen = true
  node.port.onmessage = (event: MessageEvent<{ samples: Int16Array; rms: number }>) => {
    if (isOpen) onFrame(event.data.samples, event.data.rms)
  }
  context.createMediaStreamSource(stream).connect(node)
  return {
    close() {
      isOpen = false
      close()
    },
  }
}

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem
  constructor(problem: MicrophoneProblem) {
    super(problem)
    this.problem = problem
  }
}

function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof DOMException ? error.name : ""
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing"
  if (name === "NotReadableError" || name === "AbortError") return "busy"
  return "denied"
}
