import { Copy, Pause, Play, X } from "lucide-react"
import { useEffect, useRef } from "react"
import type { LogLine } from "#contract/ops.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { SearchField } from "../../ui/SearchField.tsx"
import { toast } from "../frame/frameStore.ts"
import { Choice } from "./Choice.tsx"
import { filterLogs, followLogs, type LogLevel, lineText, pauseLogs, useLogs } from "./logsStore.ts"
import { strings } from "./strings.ts"

const levels = Object.keys(strings.logs.levels) as LogLevel[]
/** Closer to the end than this, the view stays at the end. */
const nearEndPx = 40

/** The log as it is written. */
export function LogsTab() {
  const { lines, held, isPaused, filter, components, isLoaded, error } = useLogs()
  const box = useRef<HTMLOListElement>(null)
  const isAtEnd = useRef(true)
  useEffect(() => followLogs(), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines move the view when it stands at the end
  useEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines])
  const texts = strings.logs
  const copy = () => void navigator.clipboard.writeText(lines.map(lineText).join("\n")).then(() => toast(texts.copied))
  return (
    <>
      <p className="soft">{texts.intro}</p>
      <div className="filters">
        <Choice
          label={texts.level}
          all={strings.all}
          value={filter.level}
          options={levels.slice(1).map((value) => ({ value, label: texts.levels[value] }))}
          onChange={(level) => filterLogs({ level })}
        />
        <Choice
          label={texts.component}
          all={strings.all}
          value={filter.component}
          options={components.map((value) => ({ value, label: value }))}
          onChange={(component) => filterLogs({ component })}
        />
        <SearchField
          label={texts.search}
          value={filter.text}
          onChange={(text) => filterLogs({ text })}
          className="grow"
        />
        {filter.request === "" ? null : (
          <Button small onClick={() => filterLogs({ request: "" })} title={texts.clearRequest}>
            {texts.request(filter.request)} <X size={13} aria-hidden />
          </Button>
        )}
        <Button small aria-pressed={isPaused} onClick={() => pauseLogs(!isPaused)}>
          {isPaused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
          {isPaused ? texts.resume : texts.pause}
        </Button>
        <Button small onClick={copy} disabled={lines.length === 0}>
          <Copy size={14} aria-hidden /> {texts.copy}
        </Button>
      </div>
      {error ? <Failure error={error} onRetry={() => filterLogs({})} /> : null}
      {isPaused && held.length > 0 ? <p className="faint numbers">{texts.paused(held.length)}</p> : null}
      {isLoaded && !error && lines.length === 0 ? <p className="soft">{texts.empty}</p> : null}
      {lines.length > 0 ? (
        <ol
          ref={box}
          className="plain-list log-lines scroll"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the log scrolls by keyboard
          tabIndex={0}
          aria-label={texts.lines}
          onScroll={({ currentTarget }) => {
            isAtEnd.current =
              currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < nearEndPx
          }}
        >
          {lines.map((line) => (
            <Line key={line.id} line={line} />
          ))}
        </ol>
      ) : null}
    </>
  )
}

function Line({ line }: { line: LogLine }) {
  const fields = Object.entries(line.fields)
  const requestId = line.request_id
  return (
    <li className={`log-line ${line.level}`}>
      <time className="faint" dateTime={new Date(line.ts).toISOString()}>
        {new Date(line.ts).toLocaleTimeString("en-GB")}
      </time>
      <span className="log-level">{strings.logs.levels[line.level]}</span>
      <span className="faint">{line.component}</span>
      <span className="log-message">
        {line.msg}
        {fields.map(([name, value]) => (
          <span key={name} className="log-field">
            <span className="faint">{name}=</span>
            {typeof value === "string" ? value : JSON.stringify(value)}
          </span>
        ))}
        {requestId === null ? null : (
          <button
            type="button"
            className="link log-field"
            aria-label={strings.logs.onlyRequest(requestId)}
            onClick={() => filterLogs({ request: requestId })}
          >
            {requestId.slice(0, 13)}
          </button>
        )}
      </span>
    </li>
  )
}
