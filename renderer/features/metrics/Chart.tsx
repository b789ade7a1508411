import { ChartLine, Table2 } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { IconButton } from "../../ui/Button.tsx"
import { plotStyle } from "../../ui/plotStyle.ts"
import { useTheme } from "../frame/useTheme.ts"
import { strings } from "./strings.ts"

export interface ChartSeries {
  label: string
  values: (number | null)[]
  isDashed?: boolean
  /** Place in the palette; default: its place among the series. */
  color?: number
}

interface ChartProps {
  title: string
  unit: string
  /** Seconds since the epoch. */
  times: number[]
  series: ChartSeries[]
}

const height = 168
/** Rows of the table view: the newest. */
const tableRows = 30

/** A live line chart with its values as a table one click away. Hovering one chart moves the cursor of all. */
export function Chart({ title, unit, times, series }: ChartProps) {
  const [isTable, setIsTable] = useState(false)
  const hasValues = series.some((line) => line.values.some((value) => value !== null))
  return (
    <section className="card chart" aria-label={title}>
      <header className="row">
        <h2 className="grow">
          {title} <span className="faint">{unit}</span>
        </h2>
        <IconButton
          small
          label={isTable ? strings.chart : strings.table}
          aria-pressed={isTable}
          onClick={() => setIsTable(!isTable)}
        >
          {isTable ? <ChartLine size={14} /> : <Table2 size={14} />}
        </IconButton>
      </header>
      {hasValues ? (
        isTable ? (
          <ValueTable title={title} times={times} series={series} />
        ) : (
          <Plot title={title} unit={unit} times={times} series={series} />
        )
      ) : (
        <p className="chart-empty soft">{strings.noData}</p>
      )}
    </section>
  )
}

function Plot({ title, unit, times, series }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const labels = series.map((line) => line.label).join("\n")
  const theme = useTheme()
  const latest = useRef({ times, series })
  latest.current = { times, series }
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines or another theme need a new plot; new values do not
  useEffect(() => {
    const element = box.current
    if (!element) return
    const { color, axis } = plotStyle()
    const created = new uPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { sync: { key: "metrics" }, points: { size: 6 } },
        legend: { show: true, live: true },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
        axes: [
          {
            ...axis,
            space: 80,
            size: 28,
            values: (_plot, ticks) => ticks.map((tick) => new Date(tick * 1000).toLocaleTimeString("en-GB")),
          },
          { ...axis, size: 44, space: 34 },
        ],
        series: [
          { label: strings.time, value: "{HH}:{mm}:{ss}" },
          ...latest.current.series.map((line, index) => ({
            label: line.label,
            stroke: color(`--series-${((line.color ?? index) % 6) + 1}`),
            width: 1.75,
            points: { show: false },
            spanGaps: false,
            ...(line.isDashed ? { dash: [4, 4] } : {}),
            value: (_plot: uPlot, value: number | null) => (value === null ? "–" : `${round(value)} ${unit}`),
          })),
        ],
      },
      dataOf(latest.current.times, latest.current.series),
      element,
    )
    plot.current = created
    created.setLegend({ idx: latest.current.times.length - 1 })
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      created.destroy()
      plot.current = null
    }
  }, [labels, theme, unit])
  useEffect(() => {
    plot.current?.setData(dataOf(times, series))
    // Without a cursor the legend shows the newest values.
    if (plot.current && plot.current.cursor.idx == null) plot.current.setLegend({ idx: times.length - 1 })
  }, [times, series])
  const summary = series.map(
    (line) => `${line.label} ${round(line.values.findLast((value) => value !== null) ?? 0)} ${unit}`,
  )
  return <div ref={box} className="plot" role="img" aria-label={`${title}: ${summary.join(", ")}`} />
}

function ValueTable({ title, times, series }: Omit<ChartProps, "unit">) {
  const start = Math.max(0, times.length - tableRows)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long table scrolls by keyboard
    <div className="chart-table scroll" tabIndex={0}>
      <table>
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{strings.time}</th>
            {series.map((line) => (
              <th scope="col" key={line.label}>
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="numbers">
          {times
            .slice(start)
            .map((time, index) => (
              <tr key={time}>
                <th scope="row">{new Date(time * 1000).toLocaleTimeString()}</th>
                {series.map((line) => {
                  const value = line.values[start + index]
                  return <td key={line.label}>{value === null || value === undefined ? "–" : round(value)}</td>
                })}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </div>
  )
}

const dataOf = (times: number[], series: ChartSeries[]): uPlot.AlignedData => [
  times,
  ...series.map((line) => line.values),
]

const round = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
