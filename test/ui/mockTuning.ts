import type { TurnSound } from "#contract/tuning.ts"
import type { Seed } from "./seed.ts"

/** One spoken chat whose turns waited so long for the first sound, oldest first; of the newest two the sound is kept. */
export function spokenChat(seed: Seed, waitsMs: readonly number[]): TurnSound[] {
  const conversation = seed.conversations[0]
  if (!conversation) throw new Error("There is no chat.")
  const [template] = seed.messages.get(conversation.id) ?? []
  if (!template) throw new Error("The chat is empty.")
  const messages = waitsMs.flatMap((wait, index) => {
    const id = `spoken-${index}`
    const createdAt = template.createdAt + index * 60_000
    const base = { ...template, kind: "voice" as const, createdAt }
    const ends = { stt: 0.25 * wait, search: 0.35 * wait, "first-token": 0.7 * wait, "first-audio": wait }
    return [
      { ...base, id: `${id}-question`, parentId: null, role: "user" as const, text: "When is the filter changed?" },
      {
        ...{ ...base, id, parentId: `${id}-question`, role: "assistant" as const, text: "Every six months." },
        timings: Object.entries(ends).map(([name, endMs]) => ({ name, startMs: 0, endMs })),
      },
    ]
  })
  seed.messages.set(conversation.id, messages)
  conversation.messageCount = messages.length
  return waitsMs
    .map((_, index) => ({ messageId: `spoken-${index}-question`, durationMs: 1800, createdAt: template.createdAt }))
    .slice(-2)
    .reverse()
}
