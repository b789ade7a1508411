import { useChat } from "./chatStore.ts"
import { useTurns } from "./turnStore.ts"

/** A chat's title; until it has one, the question that is being answered. Empty before that. */
export function useTitle(chatKey: string): string {
  const title = useChat((state) => state.conversations.find((entry) => entry.id === chatKey)?.title ?? "")
  const live = useChat((state) => state.live[chatKey] ?? null)
  const spoken = useTurns((state) => (live?.turnId ? (state.turns[live.turnId]?.question ?? null) : null))
  return title || (live?.question ?? spoken ?? "").replace(/[?.!\s]+$/, "")
}
