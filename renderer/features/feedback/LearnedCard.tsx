import { useEffect, useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { forgetLearned, loadLearned, useFeedback } from "./feedbackStore.ts"
import { strings } from "./strings.ts"
import "./feedback.css"

const kinds = ["click", "cite", "copy", "dwell", "up", "down"] as const

/** What clicks and ratings have taught the ranking, and the way to forget it. */
export function LearnedCard() {
  const learned = useFeedback((state) => state.learned)
  const [isAsking, setIsAsking] = useState(false)
  useEffect(() => void loadLearned(), [])
  const actions = learned ? kinds.reduce((sum, kind) => sum + (learned.events[kind] ?? 0), 0) : 0
  return (
    <section className="card stack" style={{ gap: 12 }} data-setting="learned" aria-label={strings.learnedTitle}>
      <h2>{strings.learnedTitle}</h2>
      <p>{learned && actions > 0 ? strings.learnedText(actions, learned.queries) : strings.learnedNothing}</p>
      {learned && actions > 0 ? (
        <ul className="plain-list learned-counts">
          {kinds
            .filter((kind) => (learned.events[kind] ?? 0) > 0)
            .map((kind) => (
              <li key={kind}>
                <span className="numbers">{learned.events[kind]}</span> {strings.learnedCounts[kind]}
              </li>
            ))}
        </ul>
      ) : null}
      {learned && learned.queries > 0 ? (
        <div>
          <Button onClick={() => setIsAsking(true)}>{strings.forget}</Button>
        </div>
      ) : null}
      <Confirm
        title={strings.forgetTitle}
        description={strings.forgetText}
        action={strings.forgetAction}
        cancel={strings.cancel}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={() => void forgetLearned()}
      />
    </section>
  )
}
