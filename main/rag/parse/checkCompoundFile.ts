import { damagedFile } from "./unpackZip.ts"

const largestSector = 0xfffffff9
const headerBytes = 512
const entryBytes = 128
const mostEntries = 20_000

/**
 * Walks every chain of a compound file (MS-CFB) once before its reader does: a chain or a folder that leads back into itself would keep
 * the reader busy for ever. Throws `document.damaged`.
 */
export function checkCompoundFile(bytes: Uint8Array, kind: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fail = (): never => {
    throw damagedFile(kind)
  }
  if (bytes.byteLength < headerBytes) fail()
  const sectorShift = view.getUint16(30, true)
  const miniShift = view.getUint16(32, true)
  if ((sectorShift !== 9 && sectorShift !== 12) || miniShift !== 6) fail()
  const sectorBytes = 2 ** sectorShift
  const sectorCount = Math.ceil((bytes.byteLength - headerBytes) / sectorBytes)
  const offsetOf = (sector: number): number => (sector + 1) * sectorBytes
  const numberAt = (offset: number): number =>
    offset >= 0 && offset + 4 <= bytes.byteLength ? view.getUint32(offset, true) : fail()

  // Where the allocation table lies: the first 109 places in the header, the others in a chain of their own.
  const perSector = sectorBytes / 4
  const tableSectors: number[] = []
  for (let index = 0; index < 109; index++) tableSectors.push(numberAt(76 + index * 4))
  let next = numberAt(68)
  for (let steps = 0; next <= largestSector; steps++) {
    if (steps > sectorCount) fail()
    for (let index = 0; index < perSector - 1; index++) tableSectors.push(numberAt(offsetOf(next) + index * 4))
    next = numberAt(offsetOf(next) + (perSector - 1) * 4)
  }
  const used = tableSectors.slice(0, numberAt(44))
  if (used.some((sector) => sector >= sectorCount)) fail()
  const table = (sector: number): number =>
    numberAt(offsetOf(used[Math.floor(sector / perSector)] ?? fail()) + (sector % perSector) * 4)

  const chain = (first: number, most: number, follow: (sector: number) => number): number[] => {
    const sectors: number[] = []
    for (let sector = first; sector <= largestSector; sector = follow(sector)) {
      if (sectors.length >= most) fail()
      sectors.push(sector)
    }
    return sectors
  }
  const directory = chain(numberAt(48), sectorCount, table)
  const miniTable = chain(numberAt(60), sectorCount, table)
  const mini = (sector: number): number =>
    numberAt(offsetOf(miniTable[Math.floor(sector / perSector)] ?? fail()) + (sector % perSector) * 4)
  const miniCount = miniTable.length * perSector

  const entriesPerSector = sectorBytes / entryBytes
  const entryCount = Math.min(mostEntries, directory.length * entriesPerSector)
  const entryOffset = (entry: number): number =>
    offsetOf(directory[Math.floor(entry / entriesPerSector)] ?? fail()) + (entry % entriesPerSector) * entryBytes
  const seen = new Set<number>()
  const waiting = [0]
  while (waiting.length > 0) {
    const entry = waiting.pop() as number
    // Every entry hangs on one other entry alone.
    if (entry >= entryCount || seen.has(entry)) fail()
    seen.add(entry)
    const offset = entryOffset(entry)
    const type = view.getUint8(offset + 66)
    const start = numberAt(offset + 116)
    const sizeBytes = numberAt(offset + 120)
    if (sizeBytes > bytes.byteLength) fail()
    if (type === 5) chain(start, sectorCount, table)
    else if (type === 2 && sizeBytes > 0) {
      const isMini = sizeBytes < 4096
      const chained = isMini ? chain(start, miniCount, mini) : chain(start, sectorCount, table)
      if (chained.length * (isMini ? 64 : sectorBytes) < sizeBytes) fail()
    }
    for (const link of [68, 72, 76]) {
      const other = numberAt(offset + link)
      if (other <= largestSector) waiting.push(other)
    }
  }
}
