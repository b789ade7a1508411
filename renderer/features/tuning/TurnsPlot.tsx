import type { Message } from "#contract/conversations.ts"
import { formatDuration, formatTime } from "../../ui/format.ts"
import { strings } from "./strings.ts"

/** What the wait for the first sound is made of, in the order in which it happens; each ends where its stage does. */
const parts = ["stt", "search", "first-token", "first-audio"] as const

/** The last turns side by side, oldest first: of what the wait for the first sound was made. */
export function TurnsPlot({ turns }: { turns: readonly Message[] }) {
  const columns = turns
    .toReversed()
    .map((message) => ({ message, pieces: piecesOf(message) }))
    .filter(({ pieces }) => pieces.length > 0)
  if (columns.length < 2) return null
  const highest = Math.max(1000, ...columns.map(({ pieces }) => pieces.at(-1)?.endMs ?? 0))
  return (
    <figure className="turns-plot">
      <figcaption className="soft">{strings.plot}</figcaption>
      <div
        className="turns-plot-area"
        role="img"
        aria-label={strings.plotLabel(columns.length, formatDuration(highest))}
      >
        <span className="turns-plot-top numbers faint">{formatDuration(highest)}</span>
        {columns.map(({ message, pieces }) => (
          <div
            key={message.id}
            className="turns-plot-column"
            title={`${formatTime(message.createdAt)} · ${pieces
              .map(({ name, endMs, startMs }) => `${strings.parts[name]} ${formatDuration(endMs - startMs)}`)
              .join(" · ")}`}
          >
            {pieces.map(({ name, startMs, endMs }) => (
              <span
                key={name}
                className={`turns-plot-part ${name}`}
                style={{ height: `${((endMs - startMs) / highest) * 100}%` }}
              />
            ))}
          </div>
        ))}
      </div>
      <ul className="turns-plot-legend" aria-hidden>
        {parts.map((name) => (
          <li key={name}>
            <span className={`turns-plot-part ${name}`} /> {strings.parts[name]}
          </li>
        ))}
      </ul>
    </figure>
  )
}

/** Stages overlap: each piece begins where the one before ended. */
function piecesOf({ timings }: Message): { name: (typeof parts)[number]; startMs: number; endMs: number }[] {
  let reached = 0
  return parts.flatMap((name) => {
    const endMs = timings.find((timing) => timing.name === name)?.endMs ?? 0
    if (endMs <= reached) return []
    const startMs = reached
    reached = endMs
    return [{ name, startMs, endMs }]
  })
}
