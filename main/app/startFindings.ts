import { existsSync } from "node:fs"
import type { DoctorFinding } from "#contract/ops.ts"
import { loadConfig } from "#core/config.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import { isDataDirLocked } from "./lock.ts"

/**
 * What keeps a core from starting, found without one: the configuration, then the lock. Empty: nothing does. A core that runs on the data
 * directory is no finding for who attaches to it.
 */
export async function startFindings(
  flags: Parameters<typeof loadConfig>[0],
  env: Parameters<typeof loadConfig>[1],
): Promise<DoctorFinding[]> {
  try {
    const { dataDir } = loadConfig(flags, env)
    if (!existsSync(dataDir) || !isDataDirLocked(dataDir)) return []
    return [
      finding(
        "lock.held",
        "Another ZenGlow holds the data directory.",
        "Use the running one, or stop it and start this one again.",
      ),
    ]
  } catch (error) {
    return [startFinding(error)]
  }
}

/** Codes of doctor by what a start failed with; what is not listed is `core.start`. */
const codes: Partial<Record<AppError["code"], string>> = {
  "config.invalid": "config.valid",
  "core.locked": "lock.held",
  "core.port-taken": "port.free",
  "store.corrupt": "database.integrity",
  "store.newer-schema": "database.version",
  "store.read-only": "data-dir.writable",
  "store.full": "disk.space",
  "secrets.locked": "secrets.readable",
  "secrets.damaged": "secrets.readable",
}

/** A failed start as doctor tells it. */
export function startFinding(error: unknown): DoctorFinding {
  const { code, message, remedy } = errorInfo(error)
  const known = error instanceof AppError ? codes[code as AppError["code"]] : undefined
  return finding(known ?? "core.start", message, remedy ?? "Run it again with `--log-level debug` to see what.")
}

const finding = (code: string, message: string, remedy: string): DoctorFinding => ({
  code,
  status: "error",
  message,
  remedy,
  ms: 0,
})
