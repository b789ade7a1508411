import { UserRound } from "lucide-react"
import { Menu } from "../../ui/Menu.tsx"
import { usePersonas } from "../settings/personas.ts"
import { useSettings } from "../settings/settingsStore.ts"
import { newKey, useChat } from "./chatStore.ts"
import { setPersona } from "./conversations.ts"
import { strings } from "./strings.ts"

/** Who answers in this chat; a menu switches it. Nothing is kept of a temporary chat, so it stays with the one it began with. */
export function PersonaChip({ chatKey }: { chatKey: string }) {
  const personas = usePersonas()
  const isFixed = useChat((state) => state.temporaryIds[chatKey] === true)
  const chosen = useChat((state) =>
    chatKey === newKey
      ? state.newPersonaId
      : (state.conversations.find((entry) => entry.id === chatKey)?.personaId ?? null),
  )
  const usual = useSettings((state) => state.values.personaId)
  const current = personas.find(({ id }) => id === (chosen ?? usual)) ?? personas[0]
  if (!current || isFixed || personas.length < 2) return null
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="persona-chip" aria-label={strings.personaOf(current.name)}>
          <UserRound size={12} aria-hidden />
          <span className="truncate">{current.name}</span>
        </button>
      }
      entries={[
        strings.persona,
        ...personas.map((persona) => ({
          label: persona.name,
          end: persona.id === current.id ? "✓" : undefined,
          onSelect: () => setPersona(chatKey, persona.id),
        })),
      ]}
    />
  )
}
