import type { LookupAddress } from "node:dns"
import { BlockList, isIP } from "node:net"
import { AppError } from "#core/errors.ts"

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
    for (const { address, family } of addresses) {
      if (privateAddresses.check(address, family === 6 ? "ipv6" : "ipv4"))
        throw refused("it leads to a private address")
    }
  }
}

function refused(reason: string): AppError {
  return new AppError("download.failed", `A download address was refused: ${reason}.`, {
    remedy: "Another source is tried. If it repeats, import the file by hand.",
  })
}

/** Special-purpose addresses (IANA registries for IPv4 and IPv6). */
const privateAddresses = new BlockList()
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  privateAddresses.addSubnet(net, bits, "ipv4")
}
for (const [net, bits] of [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b:1::", 48],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  privateAddresses.addSubnet(net, bits, "ipv6")
}
