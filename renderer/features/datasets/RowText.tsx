import type { DatasetRow } from "#contract/datasets.ts"
import { strings } from "./strings.ts"

/** One row as it is read: what is asked, and what is answered. */
export function RowText({ row, title }: { row: DatasetRow; title?: string }) {
  const asked = row.instruction ?? row.messages?.find(({ role }) => role === "user")?.content ?? ""
  const answer = row.output ?? row.messages?.find(({ role }) => role === "assistant")?.content ?? ""
  return (
    <div className="datasets-row">
      <span className="faint">
        {title === undefined ? "" : `${title} · `}
        {strings.kinds[row.kind]}
      </span>
      <strong className="datasets-words">{asked}</strong>
      <span className="datasets-words">{answer}</span>
    </div>
  )
}
