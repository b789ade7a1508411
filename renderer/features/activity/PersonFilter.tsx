import type { Person } from "#contract/people.ts"
import { Choice } from "./Choice.tsx"
import { strings } from "./strings.ts"

interface PersonFilterProps {
  label: string
  people: readonly Person[]
  value: string
  onChange: (id: string) => void
}

/** Whose entries are shown. Nothing where one person is alone. */
export function PersonFilter({ label, people, value, onChange }: PersonFilterProps) {
  if (people.length <= 1) return null
  const options = people.map(({ id, name }) => ({ value: id, label: name }))
  return <Choice label={label} all={strings.anybody} value={value} options={options} onChange={onChange} />
}
