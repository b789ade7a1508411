import type { DatasetDiff } from "#contract/datasets.ts"
import { formatCount } from "../../ui/format.ts"
import { RowText } from "./RowText.tsx"
import { strings } from "./strings.ts"

const kinds = Object.keys(strings.diff) as (keyof typeof strings.diff)[]

/** What is new, gone, answered otherwise or said almost the same, with the first of each. */
export function DatasetDiffView({ diff }: { diff: DatasetDiff }) {
  const { added, removed, changed, nearDuplicate } = diff.examples
  return (
    <div className="stack datasets-rows" role="status">
      <dl className="datasets-counts">
        {kinds.map((kind) => (
          <div key={kind}>
            <dt className="faint">{strings.diff[kind]}</dt>
            <dd className="numbers">{formatCount(diff[kind])}</dd>
          </div>
        ))}
      </dl>
      {diff.added + diff.removed + diff.changed + diff.nearDuplicate === 0 ? (
        <p className="soft">{strings.same}</p>
      ) : null}
      {added.map((row) => (
        <RowText key={`added ${row.id}`} row={row} title={strings.diff.added} />
      ))}
      {removed.map((row) => (
        <RowText key={`removed ${row.id}`} row={row} title={strings.diff.removed} />
      ))}
      {[
        ...changed.map((pair) => ({ ...pair, title: strings.diff.changed })),
        ...nearDuplicate.map((pair) => ({ ...pair, title: strings.diff.nearDuplicate })),
      ].map(({ before, after, title }) => (
        <div key={`${title} ${after.id}`} className="datasets-pair">
          <RowText row={before} title={`${title}, ${strings.before}`} />
          <RowText row={after} title={strings.after} />
        </div>
      ))}
    </div>
  )
}
