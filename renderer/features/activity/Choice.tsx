interface ChoiceProps<T extends string> {
  label: string
  value: T | ""
  /** Text of the empty choice: no filter. */
  all: string
  options: readonly { value: T; label: string }[]
  onChange: (value: T | "") => void
}

/** A filter: one of many, or all. */
export function Choice<T extends string>({ label, value, all, options, onChange }: ChoiceProps<T>) {
  return (
    <label className="choice">
      <span className="faint">{label}</span>
      <select
        className="field"
        value={value}
        onChange={(event) => onChange(options.find((option) => option.value === event.target.value)?.value ?? "")}
      >
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}
