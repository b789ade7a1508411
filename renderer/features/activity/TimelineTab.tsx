import { Archive, Boxes, FileText, Hammer, History, MessageSquare, ShieldCheck, Users } from "lucide-react"
import { useState } from "react"
import type { TimelineEvent, TimelineKind } from "#contract/timeline.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Empty } from "../../ui/Notice.tsx"
import { goTo } from "../frame/frameStore.ts"
import { Choice } from "./Choice.tsx"
import { PersonFilter } from "./PersonFilter.tsx"
import { RangeChoice } from "./RangeChoice.tsx"
import { type Range, sinceOf } from "./range.ts"
import { eventText, strings } from "./strings.ts"
import { usePages } from "./usePages.ts"
import { usePersonNames } from "./usePersonNames.ts"

const icons: Record<TimelineKind, typeof History> = {
  document: FileText,
  turn: MessageSquare,
  model: Boxes,
  build: Hammer,
  people: Users,
  backup: Archive,
  system: ShieldCheck,
}
const kinds = Object.keys(icons) as TimelineKind[]

/** What happened, by day. */
export function TimelineTab() {
  const [kind, setKind] = useState<TimelineKind | "">("")
  const [person, setPerson] = useState("")
  const [range, setRange] = useState<Range | "">("")
  const { people, nameOf } = usePersonNames()
  const { items, isLoaded, error, more, restart } = usePages<TimelineEvent>(
    `${kind} ${person} ${range}`,
    (cursor, signal) =>
      api("GET /api/timeline", {
        query: { cursor, kind: kind || undefined, person: person || undefined, since: sinceOf(range), limit: 50 },
        signal,
      }),
  )
  const days = [...Map.groupBy(items, ({ at }) => dayOf(at))]
  return (
    <>
      <div className="filters">
        <Choice
          label={strings.timeline.kind}
          all={strings.all}
          value={kind}
          options={kinds.map((value) => ({ value, label: strings.timeline.kinds[value] }))}
          onChange={setKind}
        />
        <PersonFilter label={strings.timeline.person} people={people} value={person} onChange={setPerson} />
        <RangeChoice value={range} onChange={setRange} />
      </div>
      {error ? <Failure error={error} onRetry={restart} /> : null}
      {isLoaded && !error && items.length === 0 ? (
        kind === "" && person === "" && range === "" ? (
          <Empty icon={<History size={22} />} title={strings.timeline.empty} text={strings.timeline.emptyText} />
        ) : (
          <p className="soft">{strings.timeline.noMatch}</p>
        )
      ) : null}
      {days.map(([day, events]) => (
        <section key={day} className="timeline-day" aria-label={day}>
          <h2>{day}</h2>
          <ol className="plain-list">
            {events.map((event) => (
              <Row
                key={`${event.event} ${event.id}`}
                event={event}
                who={people.length > 1 ? nameOf(event.personId) : null}
              />
            ))}
          </ol>
        </section>
      ))}
      {more ? <Button onClick={more}>{strings.more}</Button> : null}
    </>
  )
}

function Row({ event, who }: { event: TimelineEvent; who: string | null }) {
  const Icon = icons[event.kind]
  const { subjectId, title } = event
  const open =
    event.kind === "turn" && title !== null && subjectId !== null
      ? () => goTo("chat", subjectId)
      : event.event === "document.added"
        ? () => goTo("documents")
        : null
  const name = title === null ? null : event.count > 1 ? `${title} +${event.count - 1}` : title
  return (
    <li className="timeline-row">
      <time className="faint numbers" dateTime={new Date(event.at).toISOString()}>
        {new Date(event.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}
      </time>
      <Icon size={15} strokeWidth={1.75} aria-hidden />
      <span className="grow timeline-text">
        <span>{eventText(event.event)}</span>
        {name === null ? null : open ? (
          <button type="button" className="link truncate" onClick={open}>
            {name}
          </button>
        ) : (
          <span className="soft truncate">{name}</span>
        )}
        {event.outcome === "ok" ? null : (
          <span className={`badge ${event.outcome === "running" ? "" : "warning"}`}>
            {strings.timeline.outcomes[event.outcome]}
          </span>
        )}
      </span>
      {who === null ? null : <span className="faint truncate">{who}</span>}
    </li>
  )
}

function dayOf(at: number): string {
  const day = new Date(at).toDateString()
  if (day === new Date().toDateString()) return strings.today
  if (day === new Date(Date.now() - 86_400_000).toDateString()) return strings.yesterday
  return new Date(at).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" })
}
