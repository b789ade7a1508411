import type { Persona, SettingValues } from "#contract/settings.ts"

/** A persona as this person has it: whether it answers quickly is theirs to say, before what its file says. */
export const asChosen = (
  persona: Persona,
  { personaQuickAnswers }: Pick<SettingValues, "personaQuickAnswers">,
): Persona => ({
  ...persona,
  quickAnswers: personaQuickAnswers[persona.id] ?? persona.quickAnswers ?? null,
})
