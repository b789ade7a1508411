const units = ["B", "KB", "MB", "GB", "TB"] as const

/** 1536 → "1.5 KB". Powers of 1000, as disks are sold and file managers count. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** 840 → "840 ms", 2310 → "2.3 s", 95_000 → "1 min 35 s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  const seconds = Math.round((ms % 60_000) / 1000)
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`
}

/** Time left, rounded to what a person would say. */
export function formatRemaining(ms: number): string {
  if (ms < 10_000) return "a few seconds left"
  if (ms < 60_000) return `${Math.ceil(ms / 10_000) * 10} s left`
  return `${formatDuration(Math.ceil(ms / 60_000) * 60_000)} left`
}

// Made once: a formatter costs more than a row of a table.
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" })
const counts = new Intl.NumberFormat("en-GB")

/** Relative within a day, then a date. */
export function formatTime(at: number, now = Date.now()): string {
  const elapsed = now - at
  if (elapsed < 45_000) return "now"
  if (elapsed < 3_600_000) return `${Math.max(1, Math.round(elapsed / 60_000))} min ago`
  if (elapsed < 86_400_000) return `${Math.round(elapsed / 3_600_000)} h ago`
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return (isThisYear ? dayOfYear : dayAndYear).format(at)
}

export const formatCount = (count: number): string => counts.format(count).replaceAll(",", "\u2009")

/** "1 file", "3 files". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

export const formatClock = (ms: number): string => {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}
