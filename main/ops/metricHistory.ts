import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { type MetricFrame, metricFrame } from "#contract/ops.ts"
import type { Logger } from "#core/logger.ts"

export interface MetricHistoryOptions {
  /** JSON lines, one frame each. */
  file: string
  /** Frames kept. Default 2880: two days at one a minute. */
  capacity?: number
  log: Logger
}

/** Frames that survive a restart: the charts of yesterday. */
export interface MetricHistory {
  add(frame: MetricFrame): Promise<void>
  /** Oldest first, thinned evenly to `points`. */
  list(query: { sinceMs?: number; untilMs?: number; points: number }): MetricFrame[]
}

/** The file is written anew once it holds this many times what is kept. */
const slack = 1.5

/** Reads what earlier runs wrote; lines that a power cut tore are left out. */
export async function openMetricHistory({ file, capacity = 2880, log }: MetricHistoryOptions): Promise<MetricHistory> {
  const frames = parse(await readFile(file, "utf8").catch(() => "")).slice(-capacity)
  let written = frames.length
  let writing = Promise.resolve()

  const write = async (frame: MetricFrame): Promise<void> => {
    try {
      if (written >= capacity * slack) {
        // The whole file or the old one: never half of it.
        await writeFile(`${file}.new`, frames.map(lineOf).join(""), { mode: 0o600 })
        await rename(`${file}.new`, file)
        written = frames.length
        return
      }
      await mkdir(dirname(file), { recursive: true })
      await appendFile(file, lineOf(frame), { mode: 0o600 })
      written++
    } catch (error) {
      log.warn("metrics could not be kept", { error })
    }
  }

  return {
    add(frame) {
      frames.push(frame)
      if (frames.length > capacity) frames.shift()
      writing = writing.then(() => write(frame))
      return writing
    },
    list({ sinceMs = 0, untilMs = Number.POSITIVE_INFINITY, points }) {
      const found = frames.filter(({ at }) => at >= sinceMs && at <= untilMs)
      const step = Math.max(1, Math.ceil(found.length / points))
      // Counted from the newest, so that this one is always there.
      return found.filter((_, index) => (found.length - 1 - index) % step === 0)
    },
  }
}

const lineOf = (frame: MetricFrame): string => `${JSON.stringify(frame)}\n`

const parse = (text: string): MetricFrame[] =>
  text.split("\n").flatMap((line) => {
    try {
      const parsed = metricFrame.safeParse(JSON.parse(line))
      return parsed.success ? [parsed.data] : []
    } catch {
      return []
    }
  })
