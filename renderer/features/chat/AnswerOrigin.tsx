import { useState } from "react"
import type { AnswerRoute } from "#contract/backends.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { toastFailure } from "../frame/attempt.ts"
import { strings } from "./strings.ts"

/** Where an answer was written, in plain words; why there behind a disclosure. */
export function AnswerOrigin({ route }: { route: AnswerRoute }) {
  const [isRated, setIsRated] = useState(false)
  const words = strings.origin
  const rate = async (value: "up" | "down") => {
    try {
      await api("POST /switchr/feedback", { body: { decision_id: route.decisionId, value } })
      setIsRated(true)
    } catch (error) {
      toastFailure(error)
    }
  }
  return (
    <details className="answer-origin">
      <summary>
        {route.sentTo === null ? null : <span className="badge warning">{words.left(route.sentTo)}</span>}
        {route.instead ? (
          <span className="badge warning">
            {route.instead.why === "documents" ? words.kept : words.down(route.instead.of, route.model)}
          </span>
        ) : null}
        <span className="faint">{words.why}</span>
      </summary>
      <p>{words.answered(route.model, route.backend)}</p>
      <ul>
        {route.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      {route.alternatives.length > 0 ? <p className="faint">{words.instead(route.alternatives.join(", "))}</p> : null}
      {route.decisionId === "" ? null : isRated ? (
        <p className="faint">{words.rated}</p>
      ) : (
        <div className="row" style={{ gap: 8 }}>
          <Button small onClick={() => void rate("up")}>
            {words.right}
          </Button>
          <Button small onClick={() => void rate("down")}>
            {words.wrong}
          </Button>
        </div>
      )}
    </details>
  )
}
