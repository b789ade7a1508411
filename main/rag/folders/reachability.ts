import { statfs } from "node:fs/promises"
import { FolderUnreachable } from "./lookAtFolder.ts"

/** A drive that does not answer for this long is away. */
const answerMs = 10_000
/** Types of file systems on Linux whose changes by others are not reported: NFS, SMB, CIFS, SMB2, 9P, FUSE. */
const remoteFileSystems = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546])

/** What the folder answers. Rejects with `FolderUnreachable` when it does not in time: a drive that hangs never does. */
export async function answering<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FolderUnreachable("The folder does not answer in time.")), answerMs)
    timer.unref()
  })
  promise.catch(() => undefined)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Whether the folder lies on a drive of which the system reports only the changes made on this machine. */
export async function isRemote(path: string): Promise<boolean> {
  if (path.startsWith("\\\\")) return true
  if (process.platform !== "linux") return false
  try {
    return remoteFileSystems.has((await statfs(path)).type)
  } catch {
    return false
  }
}
