import { Choice } from "./Choice.tsx"
import { type Range, ranges } from "./range.ts"
import { strings } from "./strings.ts"

/** A filter: since when. */
export const RangeChoice = ({ value, onChange }: { value: Range | ""; onChange: (value: Range | "") => void }) => (
  <Choice
    label={strings.range}
    all={strings.ranges.all}
    value={value}
    options={ranges.map((range) => ({ value: range, label: strings.ranges[range] }))}
    onChange={onChange}
  />
)
