import { Download, Pause, Play } from "lucide-react"
import { useEffect, useMemo, useState } from "react"
import type { Message } from "#contract/conversations.ts"
import type { MetricFrame } from "#contract/ops.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { formatBytes, formatTime } from "../../ui/format.ts"
import { Menu } from "../../ui/Menu.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { goTo, openPanel } from "../frame/frameStore.ts"
import { Chart, type ChartSeries } from "./Chart.tsx"
import { metricsToCsv } from "./exportMetrics.ts"
import { loadHistory, useMetrics } from "./metricsStore.ts"
import { saveText } from "./saveText.ts"
import { strings } from "./strings.ts"
import { Waterfall } from "./Waterfall.tsx"
import "./metrics.css"

type Range = keyof typeof strings.ranges

/** Stages drawn: those a person waits for. */
const shownStages = ["search", "first-token", "first-audio", "stt"]

export default function MetricsPage() {
  const live = useMetrics((state) => state.frames)
  const history = useMetrics((state) => state.history)
  const latest = useMetrics((state) => state.latest)
  const [range, setRange] = useState<Range>("5")
  /** What is shown while the charts stand still. */
  const [still, setStill] = useState<MetricFrame[] | null>(null)
  useEffect(() => void loadHistory(), [])
  const frames = still ?? live
  const shown = useMemo(() => {
    const before = history.filter((frame) => frame.at < (frames[0]?.at ?? Number.POSITIVE_INFINITY))
    const all = [...before, ...frames]
    const from = (all.at(-1)?.at ?? 0) - Number(range) * 60_000
    return all.filter((frame) => frame.at >= from)
  }, [frames, history, range])
  const charts = useMemo(() => chartsOf(shown), [shown])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the page scrolls by keyboard
    <div className="page scroll" tabIndex={0}>
      <header className="page-header">
        <h1>{strings.title}</h1>
        <Segmented
          label={strings.range}
          value={range}
          options={(Object.keys(strings.ranges) as Range[]).map((value) => ({ value, label: strings.ranges[value] }))}
          onChange={setRange}
        />
        <Button small aria-pressed={still !== null} onClick={() => setStill(still === null ? live : null)}>
          {still === null ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
          {still === null ? strings.pause : strings.resume}
        </Button>
        <Menu
          align="end"
          trigger={
            <Button small disabled={shown.length === 0}>
              <Download size={14} aria-hidden /> {strings.save}
            </Button>
          }
          entries={[
            {
              label: strings.saveCsv,
              onSelect: () => void saveText(metricsToCsv(shown), "text/csv", "zenglow-metrics.csv"),
            },
            {
              label: strings.saveJson,
              onSelect: () => void saveText(JSON.stringify(shown, null, 2), "application/json", "zenglow-metrics.json"),
            },
          ]}
        />
      </header>
      <div className="page-body metrics-body">
        <p className="soft" role="status">
          {still === null ? strings.intro : strings.paused}
        </p>
        {latest ? <LiveValues frame={latest} /> : <p className="soft">{strings.waiting}</p>}
        <div className="chart-grid">
          {charts.map((chart) => (
            <Chart key={chart.title} title={chart.title} unit={chart.unit} times={charts.times} series={chart.series} />
          ))}
        </div>
        <LatestTurns />
      </div>
    </div>
  )
}

function LiveValues({ frame }: { frame: MetricFrame }) {
  const values: [string, string][] = [
    [strings.live.cpu, `${frame.cpuPercent.toFixed(0)} %`],
    [strings.live.memory, `${formatBytes(frame.memory.usedBytes)} / ${formatBytes(frame.memory.totalBytes)}`],
    [strings.live.delay, strings.ms(frame.eventLoopDelayP99Ms.toFixed(1))],
    [strings.live.models, String(frame.models.filter((model) => model.load === "loaded").length)],
  ]
  return (
    <dl className="live-values">
      {values.map(([name, value]) => (
        <div className="card" key={name}>
          <dt className="faint">{name}</dt>
          <dd className="numbers">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

type Charts = { title: string; unit: string; series: ChartSeries[] }[] & { times: number[] }

function chartsOf(frames: readonly MetricFrame[]): Charts {
  const line = (
    label: string,
    value: (frame: MetricFrame) => number | null | undefined,
    look: { isDashed?: boolean; color?: number } = {},
  ): ChartSeries => ({
    label,
    values: frames.map((frame) => value(frame) ?? null),
    ...look,
  })
  const names = (pick: (frame: MetricFrame) => readonly string[]): string[] => [...new Set(frames.flatMap(pick))]
  const stages = shownStages.filter((stage) => frames.some((frame) => frame.stages[stage]))
  const { charts } = strings
  const gigabytes = 1e9
  const list = [
    { ...charts.speed, series: [line(strings.tokens, (frame) => frame.tokensPerSecond)] },
    {
      ...charts.stages,
      series: stages.flatMap((stage, color) => [
        line(strings.p50(stage), (frame) => frame.stages[stage]?.p50Ms, { color }),
        line(strings.p95(stage), (frame) => frame.stages[stage]?.p95Ms, { color, isDashed: true }),
      ]),
    },
    {
      ...charts.cpu,
      series: names((frame) => frame.processes.map((entry) => entry.name)).map((name) =>
        line(name, (frame) => frame.processes.find((entry) => entry.name === name)?.cpuPercent),
      ),
    },
    {
      ...charts.memory,
      series: [
        line(strings.used, (frame) => frame.memory.usedBytes / gigabytes),
        line(strings.engines, (frame) => frame.memory.engineBytes / gigabytes),
        line(strings.budget, (frame) => frame.memory.budgetBytes / gigabytes, { isDashed: true }),
      ],
    },
    {
      ...charts.queues,
      series: names((frame) => Object.keys(frame.queues)).map((name) => line(name, (frame) => frame.queues[name])),
    },
    {
      ...charts.failures,
      series: names((frame) => Object.keys(frame.counters).filter((name) => /^(audio|errors|crashes)/.test(name))).map(
        (name) => line(name, (frame) => frame.counters[name]),
      ),
    },
  ]
  return Object.assign(list, { times: frames.map((frame) => frame.at / 1000) })
}

/** Answers of the newest conversations, as waterfalls. */
function LatestTurns() {
  const [answers, setAnswers] = useState<Message[] | null>(null)
  useEffect(() => {
    let isGone = false
    const load = async () => {
      const { items } = await api("GET /api/conversations", { query: { limit: 8 } })
      const recent = items.filter((entry) => entry.messageCount > 0 && entry.messageCount < 400).slice(0, 4)
      const lists = await Promise.all(
        recent.map((entry) => api("GET /api/conversations/:id/messages", { params: { id: entry.id } })),
      )
      const found = lists
        .flatMap((list) => list.items)
        .filter((message) => message.role === "assistant" && message.timings.length > 0)
        .sort((left, right) => right.createdAt - left.createdAt)
        .slice(0, 6)
      if (!isGone) setAnswers(found)
    }
    load().catch(() => (isGone ? undefined : setAnswers([])))
    return () => {
      isGone = true
    }
  }, [])
  return (
    <section aria-label={strings.turns} className="latest-turns">
      <h2>{strings.turns}</h2>
      {answers?.length === 0 ? <p className="soft">{strings.noTurns}</p> : null}
      <div className="turn-grid">
        {(answers ?? []).map((message) => (
          <article className="card" key={message.id}>
            <button type="button" className="turn-link" onClick={() => goTo("chat", message.conversationId)}>
              <span className="truncate grow">{message.text}</span>
              <span className="faint numbers">{formatTime(message.createdAt)}</span>
            </button>
            <Waterfall timings={message.timings} isSmall />
            <div>
              <Button small variant="quiet" onClick={() => openPanel({ kind: "turn", message })}>
                {strings.howMade}
              </Button>
            </div>
          </article>
        ))}
      </div>
    </section>
  )
}
