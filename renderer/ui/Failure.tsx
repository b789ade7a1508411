import { asApiError } from "../api/client.ts"
import { Button } from "./Button.tsx"
import { Notice } from "./Notice.tsx"

/** A failed load, with a way to try again. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { message, remedy, code } = asApiError(error)
  return (
    <Notice
      tone="danger"
      title={message}
      remedy={remedy}
      code={code}
      action={
        onRetry ? (
          <Button small onClick={onRetry}>
            Try again
          </Button>
        ) : null
      }
    />
  )
}
