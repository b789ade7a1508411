import { strings } from "./strings.ts"
import { useFileAddress } from "./useFileAddress.ts"

/** The picture that a text was read from. */
export function PictureView({ documentId, title }: { documentId: string; title: string }) {
  const { address, hasFailed, fail } = useFileAddress("GET /api/documents/:id/picture", documentId)
  if (hasFailed) return <p className="soft">{strings.source.noPicture}</p>
  if (address === null) return <div className="skeleton source-picture" style={{ height: 120 }} />
  return <img className="source-picture" src={address} alt={strings.source.picture(title)} onError={fail} />
}
