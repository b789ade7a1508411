import { asApiError } from "../../api/client.ts"
import { toast } from "./frameStore.ts"

/** Says what went wrong and what to do about it. */
export function toastFailure(error: unknown): void {
  const { message, remedy } = asApiError(error)
  toast([message, remedy].filter(Boolean).join(" "), { tone: "danger" })
}

/** What the action gives. Null: it failed, and the person was told. */
export async function attempt<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action()
  } catch (error) {
    toastFailure(error)
    return null
  }
}

/** Whether the action succeeded; if not, the person was told. */
export const succeeds = async (action: () => Promise<unknown>): Promise<boolean> =>
  (await attempt(async () => {
    await action()
    return true
  })) ?? false
