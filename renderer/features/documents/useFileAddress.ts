import { useEffect, useState } from "react"
import { apiBytes } from "../../api/client.ts"

/** The recording or picture behind a document or a question, as an address for the page. Fetched with the session's token, so it is never a plain link. */
export function useFileAddress(
  route: "GET /api/documents/:id/sound" | "GET /api/documents/:id/picture" | "GET /api/voice/sounds/:id",
  id: string,
): { address: string | null; hasFailed: boolean; fail(): void } {
  const [address, setAddress] = useState<string | null>(null)
  const [hasFailed, setHasFailed] = useState(false)
  useEffect(() => {
    const abort = new AbortController()
    let made: string | null = null
    setAddress(null)
    setHasFailed(false)
    apiBytes(route, { params: { id }, signal: abort.signal })
      .then((response) => response.blob())
      .then((blob) => {
        if (abort.signal.aborted) return
        made = URL.createObjectURL(blob)
        setAddress(made)
      })
      .catch(() => {
        if (!abort.signal.aborted) setHasFailed(true)
      })
    return () => {
      abort.abort()
      if (made) URL.revokeObjectURL(made)
    }
  }, [route, id])
  return { address, hasFailed, fail: () => setHasFailed(true) }
}
