const longest = 48
const opening =
  /^(please|hi|hello|hey|ok|okay|so|well|can you|could you|would you|tell me|i want to know|i would like to know|do you know)[\s,:]+/i

/** A conversation's title: its first question without the padding, cut at a word. Made by rule, so that it is there at once. */
export function titleOf(question: string): string {
  let text = question.replace(/\s+/g, " ").trim()
  for (let before = ""; before !== text; ) {
    before = text
    text = text.replace(opening, "")
  }
  text = text.replace(/[?.!\s]+$/, "")
  if (text.length > longest)
    text = `${text.slice(0, text.lastIndexOf(" ", longest) > 20 ? text.lastIndexOf(" ", longest) : longest)}…`
  return text === "" ? "New chat" : text.charAt(0).toUpperCase() + text.slice(1)
}
