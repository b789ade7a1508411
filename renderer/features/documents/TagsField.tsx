import { useEffect, useId, useState } from "react"
import { strings } from "./strings.ts"

/** The document's tags in one line, separated by commas; kept when the field is left or Enter is pressed. */
export function TagsField({ tags, onChange }: { tags: readonly string[]; onChange: (tags: string[]) => void }) {
  const id = useId()
  const kept = tags.join(", ")
  const [text, setText] = useState(kept)
  useEffect(() => setText(kept), [kept])
  const save = (): void => {
    const next = [
      ...new Set(
        text
          .split(",")
          .map((tag) => tag.trim().slice(0, 60))
          .filter((tag) => tag !== ""),
      ),
    ].slice(0, 50)
    if (next.join(", ") === kept) setText(kept)
    else onChange(next)
  }
  return (
    <div className="tags-field">
      <label htmlFor={id}>{strings.tags.label}</label>
      <input
        id={id}
        className="field"
        value={text}
        placeholder={strings.tags.placeholder}
        onChange={(event) => setText(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === "Enter") save()
          if (event.key === "Escape" && text !== kept) {
            event.stopPropagation()
            setText(kept)
          }
        }}
      />
    </div>
  )
}
