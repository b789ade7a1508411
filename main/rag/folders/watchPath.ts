import { type FSWatcher, watch } from "chokidar"

export interface WatchOptions {
  /** Whether a path below needs no watching. */
  isIgnored(path: string, isFolder: boolean | null): boolean
  /** Paths below which something changed, in the order they were noticed; empty: anywhere. */
  onChange(paths: string[]): void
  /** No more is heard of changes: too many folders for the system, a drive without notifications. */
  onBlind(error: unknown): void
}

export interface PathWatch {
  close(): Promise<void>
}

/** A burst of changes is reported when it has been quiet for this long, and at the latest after `longestMs`. */
const quietMs = 150
const longestMs = 1000
/** More changes than this in one burst: all is looked at, which costs less. */
const manyPaths = 2000

/**
 * Hears of changes below a folder through the system: one handle for the whole tree on macOS and Windows, one per folder elsewhere.
 * What exactly happened is not taken from the events, which differ between systems and get lost: they only say where to look.
 * Resolves once changes are being heard.
 */
export async function watchPath(root: string, options: WatchOptions): Promise<PathWatch> {
  let paths = new Set<string>()
  let isFirstAt = 0
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    const heard = paths
    paths = new Set()
    options.onChange(heard.size > manyPaths ? [] : [...heard])
  }
  const hear = (path: string): void => {
    const now = performance.now()
    if (!timer) isFirstAt = now
    paths.add(path)
    clearTimeout(timer)
    timer = setTimeout(flush, Math.max(0, Math.min(quietMs, isFirstAt + longestMs - now)))
  }
  const watcher: FSWatcher = watch(root, {
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    atomic: false,
    ignored: (path, stats) => path !== root && options.isIgnored(path, stats ? stats.isDirectory() : null),
  })
  const close = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    await watcher.close()
  }
  await new Promise<void>((resolve) => {
    watcher.on("all", (_event, path) => hear(path))
    watcher.on("error", (error) => {
      options.onBlind(error)
      resolve()
    })
    watcher.on("ready", () => resolve())
  })
  return { close }
}
