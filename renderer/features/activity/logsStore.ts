import { create } from "zustand"
import type { LogLine } from "#contract/ops.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

export type LogLevel = LogLine["level"]

export interface LogFilter {
  level: LogLevel | ""
  component: string
  request: string
  text: string
}

interface LogsState {
  lines: LogLine[]
  /** Lines that came while the view stood still. */
  held: LogLine[]
  isPaused: boolean
  filter: LogFilter
  /** Parts of the product that said something. */
  components: string[]
  isLoaded: boolean
  error: unknown
}

/** Lines shown at most; older ones are in the files of the log. */
const mostLines = 2000
const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"]
const noFilter: LogFilter = { level: "", component: "", request: "", text: "" }

export const useLogs = create<LogsState>(() => ({
  lines: [],
  held: [],
  isPaused: false,
  filter: noFilter,
  components: [],
  isLoaded: false,
  error: null,
}))

/** Loads the newest lines that match and follows those that come. Returns the end. */
export function followLogs(): () => void {
  void load()
  return subscribe("logs", (message) => {
    if (message.type !== "log") return
    const { line } = message
    useLogs.setState((state) => {
      const components = withComponents(state.components, [line])
      if (!fits(line, state.filter)) return { components }
      return state.isPaused
        ? { components, held: [...state.held, line].slice(-mostLines) }
        : { components, lines: [...state.lines, line].slice(-mostLines) }
    })
  })
}

export function filterLogs(changes: Partial<LogFilter>): void {
  useLogs.setState((state) => ({ filter: { ...state.filter, ...changes } }))
  void load()
}

export function pauseLogs(isPaused: boolean): void {
  useLogs.setState((state) =>
    isPaused ? { isPaused } : { isPaused, lines: [...state.lines, ...state.held].slice(-mostLines), held: [] },
  )
}

async function load(): Promise<void> {
  const { filter } = useLogs.getState()
  try {
    const { lines } = await api("GET /logs/recent", {
      query: {
        limit: 1000,
        level: filter.level || undefined,
        component: filter.component || undefined,
        request: filter.request || undefined,
        text: filter.text || undefined,
      },
    })
    // The filter may have changed while these were fetched.
    if (useLogs.getState().filter !== filter) return
    useLogs.setState((state) => ({
      lines,
      held: [],
      isLoaded: true,
      error: null,
      components: withComponents(state.components, lines),
    }))
  } catch (error) {
    useLogs.setState({ isLoaded: true, error })
  }
}

function withComponents(known: string[], lines: readonly LogLine[]): string[] {
  const added = lines.map(({ component }) => component).filter((name) => !known.includes(name))
  return added.length === 0 ? known : [...new Set([...known, ...added])].sort()
}

/** As the core filters, for lines that come one by one. */
function fits(line: LogLine, { level, component, request, text }: LogFilter): boolean {
  return (
    (level === "" || levels.indexOf(line.level) >= levels.indexOf(level)) &&
    (component === "" || line.component === component) &&
    (request === "" || line.request_id === request || line.fields.turnId === request) &&
    (text === "" || `${line.msg} ${JSON.stringify(line.fields)}`.toLowerCase().includes(text.toLowerCase()))
  )
}

/** One line as text, for the clipboard. */
export const lineText = (line: LogLine): string =>
  [
    new Date(line.ts).toISOString(),
    line.level.padEnd(5),
    line.component,
    line.request_id ?? "-",
    line.msg,
    Object.keys(line.fields).length > 0 ? JSON.stringify(line.fields) : "",
  ]
    .join(" ")
    .trimEnd()
