import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { createPrometheus } from "#ops/prometheus.ts"
import { emptyFrame } from "../fakes/fakeServerDeps.ts"

interface Panel {
  title: string
  type: string
  targets?: { expr: string }[]
}

it("asks in its Grafana dashboard for metrics that exist, with labels that they have", async () => {
  const file = new URL("../../docs/grafana-dashboard.json", import.meta.url)
  const dashboard = JSON.parse(readFileSync(file, "utf8")) as { title: string; panels: Panel[] }
  const prometheus = createPrometheus("1.2.3")
  const text = await prometheus.text(emptyFrame, [])
  prometheus.close()
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name = "", type = ""]) => [name, type]))
  const exists = (name: string) =>
    types.has(name) || types.get(name.replace(/_(bucket|sum|count)$/, "")) === "histogram"
  const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  expect(expressions.length).toBeGreaterThanOrEqual(10)
  for (const expression of expressions) {
    const names = [...expression.matchAll(/\b(zenglow|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name)
    expect(names, expression).not.toEqual([])
    for (const name of names) expect(exists(name), name).toBe(true)
    // A counter is only ever shown as a rate or an increase.
    if (names.some((name) => name.endsWith("_total"))) expect(expression).toMatch(/\b(rate|increase)\(/)
  }
})
