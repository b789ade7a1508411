import { BlockList, isIP } from "node:net"

/** True for addresses of this machine, its networks, and all others that are not plainly public (IANA special-purpose registries). */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  return family === 0 || privateAddresses.check(address, family === 6 ? "ipv6" : "ipv4")
}

const privateAddresses = new BlockList()
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  privateAddresses.addSubnet(net, bits, "ipv4")
}
for (const [net, bits] of [
  ["::", 96],
  // Addresses of IPv4 in the clothes of IPv6: translators would reach the private ones among them.
  ["::ffff:0:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2001::", 32],
  ["2002::", 16],
  ["100::", 64],
  ["2001:db8::", 32],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const) {
  privateAddresses.addSubnet(net, bits, "ipv6")
}
