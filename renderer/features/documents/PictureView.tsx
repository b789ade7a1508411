import { useEffect, useState } from "react"
import { apiBytes } from "../../api/client.ts"
import { strings } from "./strings.ts"

/** The picture that a text was read from. Fetched with the session's token, so it is never a plain link. */
export function PictureView({ documentId, title }: { documentId: string; title: string }) {
  const [address, setAddress] = useState<string | null>(null)
  const [hasFailed, setHasFailed] = useState(false)
  useEffect(() => {
    const abort = new AbortController()
    let made: string | null = null
    setAddress(null)
    setHasFailed(false)
    apiBytes("GET /api/documents/:id/picture", { params: { id: documentId }, signal: abort.signal })
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
  }, [documentId])
  if (hasFailed) return <p className="soft">{strings.source.noPicture}</p>
  if (address === null) return <div className="skeleton source-picture" style={{ height: 120 }} />
  return (
    <img
      className="source-picture"
      src={address}
      alt={strings.source.picture(title)}
      onError={() => setHasFailed(true)}
    />
  )
}
