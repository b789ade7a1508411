import { stat } from "node:fs/promises"

export interface FileLook {
  /** Changes whenever the file's bytes or its place on the disk do: times in nanoseconds, size, number. */
  stamp: string
  sizeBytes: number
  /** The stamp when it can be trusted from now on, else null. */
  kept: string | null
}

/** A file system may keep times to the second or two: a second change within that time may leave the same stamp. */
const unsettledMs = 2500

/** How a file looks without reading it. Throws what `stat` throws. */
export async function fileStamp(path: string): Promise<FileLook> {
  const info = await stat(path, { bigint: true })
  const stamp = [info.mtimeNs, info.ctimeNs, info.size, info.ino].join("-")
  const changedMs = Math.max(Number(info.mtimeMs), Number(info.ctimeMs))
  const isSettled = Date.now() - changedMs > unsettledMs
  return { stamp, sizeBytes: Number(info.size), kept: isSettled ? stamp : null }
}
