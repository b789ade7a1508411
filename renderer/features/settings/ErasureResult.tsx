import type { ErasureProof } from "#contract/pii.ts"
import { Notice } from "../../ui/Notice.tsx"
import { strings } from "./strings.ts"

const texts = strings.yourData

/** What an erasure proves: how much was looked for, whether something is left, and which backups still hold it. */
export const ErasureResult = ({ proof }: { proof: ErasureProof }) => (
  <div role="status" className="stack" style={{ gap: 8 }}>
    {proof.residue.length === 0 ? (
      <p className="success-text">{texts.gone(proof.searched, proof.filesRead)}</p>
    ) : (
      <Notice tone="danger" title={texts.left(proof.residue.join(", "))} />
    )}
    {proof.backups.length > 0 ? <p className="soft">{texts.backups(proof.backups.length)}</p> : null}
  </div>
)
