import { useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { strings } from "./strings.ts"

interface PinFormProps {
  label: string
  action: string
  /** Null: it worked; else what to tell. */
  onSubmit: (pin: string) => Promise<string | null>
  onCancel: () => void
}

/** Asks for a PIN. */
export function PinForm({ label, action, onSubmit, onCancel }: PinFormProps) {
  const [pin, setPin] = useState("")
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <form
      className="stack people-form"
      onSubmit={(event) => {
        event.preventDefault()
        void onSubmit(pin).then((told) => {
          setProblem(told)
          if (told) setPin("")
        })
      }}
    >
      <label className="stack people-field">
        {label}
        <input
          className="field"
          type="password"
          inputMode="numeric"
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the form opened because this was asked for
          autoFocus
          maxLength={12}
          value={pin}
          onChange={(event) => setPin(event.target.value.replace(/\D/g, ""))}
        />
      </label>
      <p className="people-problem" role="alert">
        {problem}
      </p>
      <div className="dialog-actions">
        <Button onClick={onCancel}>{strings.cancel}</Button>
        <Button type="submit" variant="primary" disabled={pin.length < 4}>
          {action}
        </Button>
      </div>
    </form>
  )
}
