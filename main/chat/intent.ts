/** What a message wants: something the documents may state, or talk and work that needs none. */
export type Intent = "lookup" | "small-talk" | "task"

const greeting =
  /^(hi|hello|hey|good (morning|afternoon|evening|night)|thanks?|thank you|bye|goodbye|how are you|what'?s up|nice to meet you|ok(ay)?|great|cool|well done)\b[\s\w,]{0,24}[.!?]*$/i
const aboutAssistant =
  /^(who|what) are you\b|^what can you do\b|^what('?s| is) your name\b|^(can|could) you help( me)?\??$|^tell me a joke\b/i
const task =
  /^(please\s+)?((can|could|would) you\s+)?(please\s+)?(say|repeat|write|compose|draft|translate|rewrite|rephrase|reword|brainstorm|imagine|invent|generate|code|program|implement|refactor|debug|spell|count|calculate|compute|convert|improve|correct|proofread)\b/i

/**
 * Decides by fixed rules, not by a model: the answer must not wait for one. A person who chose collections wants them searched
 * whatever the wording, so this only matters where none was chosen.
 */
export function intentOf(text: string): Intent {
  const line = text.trim()
  if (greeting.test(line) || aboutAssistant.test(line)) return "small-talk"
  return task.test(line) ? "task" : "lookup"
}
