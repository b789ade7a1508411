import { useEffect, useRef, useState } from "react"
import { type Microphone, MicrophoneError, type MicrophoneProblem, openMicrophone } from "../voice/microphone.ts"
import { useVoice } from "../voice/voiceStore.ts"
import { wavFile } from "./wavFile.ts"

export type Verdict = "good" | "short" | "quiet" | "loud"

export interface Recording {
  file: File
  seconds: number
  verdict: Verdict
}

export interface Recorder {
  isRecording: boolean
  /** 0..1 while recording. */
  level: number
  seconds: number
  problem: MicrophoneProblem | null
  start(): void
  /** Null: nothing was recorded. The microphone is let go. */
  stop(): Recording | null
}

const rate = 16_000
const shortestSeconds = 1.5
const longestSeconds = 60
/** Loudest frames below this are a whisper from across the room. */
const leastRms = 0.01
/** The core refuses a recording of which more is cut off. */
const mostClipping = 0.005

/** Records from the person's microphone, showing level and length. Ends by itself after a minute, and when its part of the page goes. */
export function useRecorder(name: string): Recorder {
  const [state, setState] = useState({ isRecording: false, level: 0, seconds: 0 })
  const [problem, setProblem] = useState<MicrophoneProblem | null>(null)
  const take = useRef<Take | null>(null)
  useEffect(
    () => () => {
      take.current?.close()
      take.current = null
    },
    [],
  )
  return {
    ...state,
    problem,
    start() {
      take.current?.close()
      setProblem(null)
      setState({ isRecording: true, level: 0, seconds: 0 })
      const begun = beginTake((level, seconds) => {
        if (take.current === begun) setState({ isRecording: true, level, seconds })
      })
      take.current = begun
      begun.opened.catch((error: unknown) => {
        if (take.current !== begun) return
        take.current = null
        setState({ isRecording: false, level: 0, seconds: 0 })
        setProblem(error instanceof MicrophoneError ? error.problem : "busy")
      })
    },
    stop() {
      const ended = take.current
      take.current = null
      setState({ isRecording: false, level: 0, seconds: 0 })
      return ended?.close(name) ?? null
    },
  }
}

interface Take {
  opened: Promise<void>
  close(name?: string): Recording | null
}

function beginTake(onLevel: (level: number, seconds: number) => void): Take {
  const frames: Int16Array[] = []
  let loudest = 0
  let clipped = 0
  let isOpen = true
  let microphone: Microphone | null = null
  const seconds = (): number => frames.reduce((sum, frame) => sum + frame.length, 0) / rate
  const opened = openMicrophone(useVoice.getState().inputId, (samples, rms) => {
    if (!isOpen || seconds() >= longestSeconds) return
    frames.push(samples)
    loudest = Math.max(loudest, rms)
    for (const sample of samples) if (Math.abs(sample) >= 32_440) clipped++
    onLevel(Math.min(1, rms * 6), seconds())
  }).then((device) => {
    if (isOpen) microphone = device
    else device.close()
  })
  return {
    opened,
    close(name = "recording") {
      isOpen = false
      microphone?.close()
      if (frames.length === 0) return null
      const length = seconds()
      const verdict =
        length < shortestSeconds
          ? "short"
          : clipped / (length * rate) > mostClipping
            ? "loud"
            : loudest < leastRms
              ? "quiet"
              : "good"
      return { file: wavFile(frames, rate, `${name}.wav`), seconds: length, verdict }
    },
  }
}
