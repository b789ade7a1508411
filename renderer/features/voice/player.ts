import { openOutput } from "./output.ts"
import workletUrl from "./player.worklet.ts?worker&url"

export interface PlayerReport {
  /** Milliseconds of speech that left the loudspeaker since the last flush. */
  playedMs: number
  bufferedMs: number
  rms: number
}

export interface Player {
  push(samples: Int16Array): void
  /** Silence within one audio block. */
  flush(): void
  /** 0..1. */
  setVolume(volume: number): void
}

const sampleRate = 24_000

/** Plays 24 kHz speech. Opened by a person's action: browsers allow no sound before one. */
export async function openPlayer(onReport: (report: PlayerReport) => void): Promise<Player> {
  const context = await openOutput({ sampleRate, latencyHint: "interactive" })
  await context.audioWorklet.addModule(workletUrl)
  await context.resume()
  const node = new AudioWorkletNode(context, "zenglow-player", { numberOfInputs: 0, outputChannelCount: [1] })
  const gain = context.createGain()
  node.connect(gain).connect(context.destination)
  node.port.onmessage = (event: MessageEvent<{ played: number; buffered: number; rms: number }>) => {
    const toMs = 1000 / sampleRate
    onReport({ playedMs: event.data.played * toMs, bufferedMs: event.data.buffered * toMs, rms: event.data.rms })
  }
  return {
    push: (samples) => node.port.postMessage({ type: "push", samples }, [samples.buffer as ArrayBuffer]),
    flush: () => node.port.postMessage({ type: "flush" }),
    setVolume: (volume) => gain.gain.setTargetAtTime(volume, context.currentTime, 0.01),
  }
}
