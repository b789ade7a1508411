import { useState } from "react"
import type { PersonChoice } from "#contract/people.ts"
import { PersonAvatar } from "./PersonAvatar.tsx"
import { PinForm } from "./PinForm.tsx"
import { handTo, usePeople } from "./peopleStore.ts"
import { strings } from "./strings.ts"
import "./people.css"

/** The window belongs to nobody yet: whoever sits there says who they are. */
export function WhoIsHere() {
  const choices = usePeople((state) => state.choices)
  const [asked, setAsked] = useState<PersonChoice | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <main className="who" aria-label={strings.whoTitle}>
      <h1>{strings.whoTitle}</h1>
      {asked ? (
        <PinForm
          key={asked.id}
          label={strings.pinEnter(asked.name)}
          action={strings.continue}
          onSubmit={(pin) => handTo(asked.id, pin)}
          onCancel={() => setAsked(null)}
        />
      ) : (
        <>
          <p className="soft">{strings.whoText}</p>
          <ul className="plain-list who-list">
            {choices.map((choice) => (
              <li key={choice.id}>
                <button
                  type="button"
                  className="who-person"
                  onClick={() => (choice.hasPin ? setAsked(choice) : void handTo(choice.id).then(setProblem))}
                >
                  <PersonAvatar person={choice} size="large" />
                  <span className="truncate">{choice.name}</span>
                </button>
              </li>
            ))}
          </ul>
          <p className="people-problem" role="alert">
            {problem}
          </p>
        </>
      )}
    </main>
  )
}
