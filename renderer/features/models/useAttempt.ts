import { useState } from "react"
import { toastFailure } from "../frame/attempt.ts"

/** Runs an action of a row: busy meanwhile, and a failure told in a toast. */
export function useAttempt(): { isBusy: boolean; attempt(action: () => Promise<unknown>): Promise<void> } {
  const [isBusy, setIsBusy] = useState(false)
  return {
    isBusy,
    async attempt(action) {
      setIsBusy(true)
      try {
        await action()
      } catch (error) {
        toastFailure(error)
      } finally {
        setIsBusy(false)
      }
    },
  }
}
