/** Ten levels of ten entities each: ten billion letters, if anybody multiplies them. */
export const laughs = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 10 }, (_, n) => `<!ENTITY lol${n + 1} "${`&lol${n === 0 ? "" : n};`.repeat(10)}">`).join("")}]>`

/** Files that ask for something outside: this address, or a file of the machine. */
export const external = (url: string): string =>
  `<!DOCTYPE x SYSTEM "${url}/x.dtd" [<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY net SYSTEM "${url}/net"><!ENTITY % p SYSTEM "${url}/p"> %p;]>`

/** Writes another size into an archive's directory and headers than the entry has. */
export function declareSize(zip: Uint8Array, sizeBytes: number): Uint8Array {
  const copy = Buffer.from(zip)
  for (let at = 0; at < copy.length - 30; at++) {
    const signature = copy.readUInt32LE(at)
    if (signature === 0x04034b50) copy.writeUInt32LE(sizeBytes, at + 22)
    if (signature === 0x02014b50) copy.writeUInt32LE(sizeBytes, at + 24)
  }
  return copy
}

/** Marks every entry of an archive as encrypted. */
export function markEncrypted(zip: Uint8Array): Uint8Array {
  const copy = Buffer.from(zip)
  for (let at = 0; at < copy.length - 30; at++) {
    const signature = copy.readUInt32LE(at)
    if (signature === 0x04034b50) copy.writeUInt16LE(copy.readUInt16LE(at + 6) | 1, at + 6)
    if (signature === 0x02014b50) copy.writeUInt16LE(copy.readUInt16LE(at + 8) | 1, at + 8)
  }
  return copy
}
