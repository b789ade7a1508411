import { Search } from "lucide-react"

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  className?: string
}

/** A field to find something by its words. */
export function SearchField({ label, value, onChange, className = "" }: SearchFieldProps) {
  return (
    <div className={`search-field ${className}`}>
      <Search size={14} aria-hidden />
      <input
        className="field"
        type="search"
        placeholder={label}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
