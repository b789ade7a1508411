import { formatDuration } from "../../ui/format.ts"
import { strings } from "./strings.ts"
import "./metrics.css"

interface Timing {
  name: string
  startMs: number
  endMs: number
}

/** A turn's stages as bars on one time axis; the numbers stand beside them. */
export function Waterfall({ timings, isSmall }: { timings: readonly Timing[]; isSmall?: boolean }) {
  const first = Math.min(0, ...timings.map((timing) => timing.startMs))
  const total = Math.max(1, ...timings.map((timing) => timing.endMs)) - first
  return (
    <table className={`waterfall ${isSmall ? "small" : ""}`}>
      <tbody>
        {timings.map((timing) => (
          <tr key={timing.name}>
            <th scope="row">{strings.waterfall[timing.name] ?? timing.name}</th>
            <td className="waterfall-bar" aria-hidden>
              <span
                style={{
                  left: `${((timing.startMs - first) / total) * 100}%`,
                  width: `${Math.max(0.8, ((timing.endMs - timing.startMs) / total) * 100)}%`,
                }}
              />
            </td>
            <td className="numbers">{formatDuration(timing.endMs - timing.startMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
