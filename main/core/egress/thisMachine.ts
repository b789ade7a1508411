/** Whether a host is this computer by its own name or number. Names that a look-up leads here are not: what they mean can change. */
export function isThisMachine(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, "")
  return bare === "localhost" || bare === "::1" || /^127(?:\.\d{1,3}){3}$/.test(bare)
}
