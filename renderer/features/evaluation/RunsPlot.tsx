import { useEffect, useRef } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import type { EvalRun, EvalStepName } from "#contract/evaluations.ts"
import { formatTime } from "../../ui/format.ts"
import { plotStyle } from "../../ui/plotStyle.ts"
import { useTheme } from "../frame/useTheme.ts"
import { strings } from "./strings.ts"

const height = 168
const lines: readonly EvalStepName[] = ["bm25", "hybrid", "learned", "context"]

/** nDCG@10 of the main steps over the runs of one dataset, oldest first. The values stand in the tables below. */
export function RunsPlot({ name, runs }: { name: string; runs: readonly EvalRun[] }) {
  const box = useRef<HTMLDivElement>(null)
  const theme = useTheme()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme needs a new plot
  useEffect(() => {
    const element = box.current
    if (!element) return
    const { color, axis } = plotStyle()
    const places = runs.map((_, index) => index)
    const shown = lines.filter((line) => runs.some(({ steps }) => steps.some((step) => step.name === line)))
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { show: true, live: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: [0, 1] } },
        axes: [
          {
            ...axis,
            size: 28,
            space: 90,
            splits: () => places,
            values: (_plot, ticks) => ticks.map((tick) => (runs[tick] ? formatTime(runs[tick].createdAt) : "")),
          },
          { ...axis, size: 44 },
        ],
        series: [
          { label: strings.runTime },
          ...shown.map((line, index) => ({
            label: strings.steps[line],
            stroke: color(`--series-${index + 1}`),
            width: 1.75,
            points: { show: true, size: 6 },
          })),
        ],
      },
      [
        places,
        ...shown.map((line) => runs.map(({ steps }) => steps.find((step) => step.name === line)?.ndcg10 ?? null)),
      ],
      element,
    )
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [runs, theme])
  return <div ref={box} role="img" aria-label={strings.plot(name)} className="evaluation-plot" />
}
