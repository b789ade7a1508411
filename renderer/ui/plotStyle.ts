import type uPlot from "uplot"

/** Colours and axes of a plot in the theme of this moment: a change of theme needs a new plot. */
export function plotStyle(): { color: (variable: string) => string; axis: uPlot.Axis } {
  const style = getComputedStyle(document.documentElement)
  const color = (variable: string): string => style.getPropertyValue(variable).trim()
  const axis = {
    stroke: color("--text-faint"),
    grid: { stroke: color("--border"), width: 1 },
    ticks: { show: false },
    font: `11px ${color("--font")}`,
  }
  return { color, axis }
}
