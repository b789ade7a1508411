import type { LookupAddress } from "node:dns"
import { isIP } from "node:net"
import { AppError } from "#core/errors.ts"
import { isPrivateAddress } from "#core/privateAddresses.ts"

/** Decides whether a download may talk to a URL; throws `download.failed` when not. Asked for every hop of a redirect. */
export type UrlGuard = (url: URL) => Promise<void>

/**
 * Only https, and only hosts whose addresses are all public: a redirect cannot reach this machine or its network.
 * `trustedOrigins` pass unchecked.
 */
export function createUrlGuard(deps: {
  lookup: (host: string) => Promise<LookupAddress[]>
  trustedOrigins?: readonly string[]
}): UrlGuard {
  return async (url) => {
    if (deps.trustedOrigins?.includes(url.origin)) return
    if (url.protocol !== "https:") throw refused("it is not https")
    if (url.username || url.password) throw refused("it carries a password")
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const addresses = isIP(host) ? [{ address: host, family: isIP(host) }] : await deps.lookup(host)
    for (const { address } of addresses) if (isPrivateAddress(address)) throw refused("it leads to a private address")
  }
}

function refused(reason: string): AppError {
  return new AppError("download.failed", `A download address was refused: ${reason}.`, {
    remedy: "Another source is tried. If it repeats, import the file by hand.",
  })
}
