import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"

/** sha256 of what lies on disk, lower-case hex. */
export async function hashFile(
  path: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(chunk as Buffer)
    onBytes((chunk as Buffer).length)
  }
  return hash.digest("hex")
}
