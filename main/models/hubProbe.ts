import type { Catalog } from "./catalog.ts"
import { untilAborted } from "./download.ts"
import type { InstallDeps } from "./install.ts"

const timeoutMs = 3000

/** Asks once whether the model hub answers; the answer is kept for as long as reachability keeps one. Offline it is never asked. */
export function createHubProbe(deps: {
  /** Where the hub is asked; the first one is. */
  addresses: readonly string[]
  install: Pick<InstallDeps, "fetch" | "guard" | "isOffline" | "reachability">
}): (signal: AbortSignal) => Promise<boolean> {
  const { fetch, guard, isOffline, reachability } = deps.install
  let asking: Promise<boolean> | undefined
  let isKnownUp = false

  const ask = async (address: string, signal: AbortSignal): Promise<boolean> => {
    try {
      const url = new URL(address)
      const timed = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      await untilAborted(guard(url), timed)
      const response = await fetch(url, { method: "HEAD", redirect: "manual", signal: timed })
      await response.body?.cancel()
      isKnownUp = response.status < 500
    } catch {
      isKnownUp = false
    }
    if (!isKnownUp) reachability.markDown("huggingface")
    return isKnownUp
  }

  return async (signal) => {
    if (isOffline() || reachability.isDown("huggingface")) return false
    if (isKnownUp) return true
    const [address] = deps.addresses
    if (!address) return false
    asking ??= ask(address, signal).finally(() => {
      asking = undefined
    })
    return asking
  }
}

/** Addresses of the catalogue's files on the hub. */
export const hubAddresses = (catalog: Catalog): string[] =>
  catalog.models.flatMap(({ sources }) =>
    sources.flatMap((source) =>
      source.kind === "url" && source.family === "huggingface" ? source.files.map(({ url }) => url) : [],
    ),
  )
