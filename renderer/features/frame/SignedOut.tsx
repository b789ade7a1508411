import { useState } from "react"
import { baseUrl, signIn } from "../../api/session.ts"
import { Button } from "../../ui/Button.tsx"
import { strings } from "./strings.ts"

/** Shown when the window has no session: no page can load without one. */
export function SignedOut() {
  const [key, setKey] = useState("")
  const [isWrong, setIsWrong] = useState(false)
  const submit = async () => {
    const response = await fetch(`${baseUrl()}/api/settings`, {
      headers: { authorization: `Bearer ${key.trim()}` },
    }).catch(() => null)
    if (response?.ok) signIn(key.trim())
    else setIsWrong(true)
  }
  return (
    <main className="signed-out">
      <form
        className="card stack"
        style={{ gap: 16 }}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h1>{strings.signedOutTitle}</h1>
        <p className="soft">{strings.signedOutText}</p>
        <label className="stack" style={{ gap: 4 }}>
          {strings.keyLabel}
          <input
            className="field mono"
            type="password"
            autoComplete="off"
            value={key}
            aria-invalid={isWrong}
            onChange={(event) => {
              setKey(event.target.value)
              setIsWrong(false)
            }}
          />
        </label>
        {isWrong ? <p role="alert">{strings.wrongKey}</p> : null}
        <Button variant="primary" type="submit" disabled={key.trim() === ""}>
          {strings.signIn}
        </Button>
      </form>
    </main>
  )
}
