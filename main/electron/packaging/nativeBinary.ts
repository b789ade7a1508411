/** What a native file runs on. */
export interface NativeBinary {
  os: "linux" | "darwin" | "win32"
  /** More than one in a universal file of macOS. Empty: processors that no installer is made for. */
  arches: ("x64" | "arm64")[]
}

/** How many bytes of a file `nativeBinary` needs at most. */
export const headerBytes = 4096

const arches = (machines: number[], x64: number, arm64: number): NativeBinary["arches"] =>
  machines.flatMap((machine) => (machine === x64 ? ["x64"] : machine === arm64 ? ["arm64"] : []))

/** Reads the start of a file: ELF, PE and Mach-O. Null: not a native file. */
export function nativeBinary(header: Buffer): NativeBinary | null {
  if (header.length < 20) return null
  const magic = header.readUInt32BE(0)
  if (magic === 0x7f454c46) return { os: "linux", arches: arches([header.readUInt16LE(18)], 62, 183) }
  if (header.toString("latin1", 0, 2) === "MZ") return portableExecutable(header)
  if (magic === 0xcffaedfe || magic === 0xcefaedfe)
    return { os: "darwin", arches: arches([header.readUInt32LE(4)], 0x01000007, 0x0100000c) }
  if (magic === 0xcafebabe) return universal(header)
  return null
}

function portableExecutable(header: Buffer): NativeBinary | null {
  if (header.length < 0x40) return null
  const start = header.readUInt32LE(0x3c)
  if (start + 6 > header.length || header.readUInt32BE(start) !== 0x50450000) return null
  return { os: "win32", arches: arches([header.readUInt16LE(start + 4)], 0x8664, 0xaa64) }
}

/** Java classes begin with the same four bytes; what follows there, a version, is more than any count of processors. */
function universal(header: Buffer): NativeBinary | null {
  const count = header.readUInt32BE(4)
  if (count > 16 || header.length < 8 + count * 20) return null
  const machines = Array.from({ length: count }, (_, index) => header.readUInt32BE(8 + index * 20))
  return { os: "darwin", arches: arches(machines, 0x01000007, 0x0100000c) }
}
