import { Copy, Lock, Mic } from "lucide-react"
import { useShallow } from "zustand/react/shallow"
import { baseUrl } from "../../api/session.ts"
import { formatBytes } from "../../ui/format.ts"
import { useMetrics } from "../metrics/metricsStore.ts"
import { useBackends, usesServers } from "../models/backendsStore.ts"
import { activeChatModel, useModels } from "../models/modelsStore.ts"
import { useSettings } from "../settings/settingsStore.ts"
import { useVoice } from "../voice/voiceStore.ts"
import { goTo, toast } from "./frameStore.ts"
import { isActive, useJobs } from "./jobsStore.ts"
import { strings } from "./strings.ts"

/** Only live, true values; each leads to its page. */
export function StatusLine() {
  const isOffline = useModels((state) => state.bundle?.isOffline ?? false)
  const hasServers = useBackends(usesServers)
  return (
    <section className="status" aria-label={strings.status.label}>
      <ModelStatus />
      <MemoryStatus />
      <MicrophoneStatus />
      <JobStatus />
      <span className="grow" />
      <button type="button" className="status-address" onClick={copyAddress}>
        <span className="mono">{baseUrl().replace(/^https?:\/\//, "")}</span>
        <Copy size={12} aria-hidden />
        <span className="visually-hidden">{strings.status.copyAddress}</span>
      </button>
      <button type="button" title={strings.status.offlineHint} onClick={() => goTo("settings", "privacy")}>
        <Lock size={12} aria-hidden />
        {isOffline ? strings.status.offline : hasServers ? strings.status.servers : strings.status.local}
      </button>
    </section>
  )
}

function ModelStatus() {
  const chosen = useSettings((state) => state.values.chatModel)
  const model = useModels((state) => activeChatModel(state.items, chosen))
  const rate = useMetrics((state) => state.latest?.tokensPerSecond ?? null)
  const isLoaded = useModels((state) => state.isLoaded)
  if (!isLoaded) return <span className="status-item faint">{strings.noAnswerYet}</span>
  return (
    <button type="button" onClick={() => goTo("models")}>
      <span className={`dot ${model ? model.load : "unloaded"}`} aria-hidden />
      <span className="truncate numbers">
        {model ? strings.status.model(model.name, rate ? rate.toFixed(0) : null) : strings.status.quoting}
      </span>
    </button>
  )
}

function MemoryStatus() {
  const memory = useMetrics((state) => state.latest?.memory ?? null)
  const recent = useMetrics(
    useShallow((state) => state.frames.slice(-12).map((frame) => frame.memory.usedBytes / frame.memory.totalBytes)),
  )
  if (!memory) return null
  return (
    <button type="button" className="status-wide" onClick={() => goTo("metrics")}>
      <svg className="spark" viewBox="0 0 48 12" width={48} height={12} aria-hidden>
        <path d={recent.map((share, index) => bar(48 - (recent.length - index) * 4, share * 12)).join("")} />
      </svg>
      <span className="visually-hidden">{strings.status.memory}</span>
      <span className="numbers">
        {strings.status.memoryValue(formatBytes(memory.usedBytes), formatBytes(memory.totalBytes))}
      </span>
    </button>
  )
}

const bar = (x: number, height: number): string => `M${x} 12v${-height.toFixed(1)}h3V12z`

function MicrophoneStatus() {
  const isOpen = useVoice((state) => state.isMicrophoneOpen)
  const level = useVoice((state) => (state.isMicrophoneOpen ? Math.round(state.level * 10) / 10 : 0))
  if (!isOpen) return null
  return (
    <button type="button" onClick={() => goTo("chat")}>
      <Mic size={12} aria-hidden />
      <span>{strings.status.microphone}</span>
      <span className="status-level" aria-hidden>
        <span style={{ transform: `scaleX(${level})` }} />
      </span>
    </button>
  )
}

function JobStatus() {
  const job = useJobs((state) => Object.values(state.jobs).find(isActive) ?? null)
  if (!job) return null
  const percent = job.progress === null ? "" : `${Math.round(job.progress * 100)} %`
  const isModel = job.kind.startsWith("model")
  return (
    <button type="button" className="status-job" onClick={() => goTo(isModel ? "models" : "documents")}>
      <span className="status-level" aria-hidden>
        <span style={{ transform: `scaleX(${job.progress ?? 0})` }} />
      </span>
      <span className="truncate numbers">{strings.status.job(job.title, percent)}</span>
    </button>
  )
}

function copyAddress(): void {
  void navigator.clipboard.writeText(`${baseUrl()}/v1`).then(() => toast(strings.status.copied))
}
