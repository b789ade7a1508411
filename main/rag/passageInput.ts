/** What is embedded for a chunk: title and headings give a short passage its subject. Part of what makes two indexes comparable. */
export function passageInput(chunk: { title: string; headingPath: readonly string[]; text: string }): string {
  const headings = chunk.headingPath.filter((heading) => heading !== chunk.title)
  return [chunk.title, headings.join(" > "), chunk.text].filter((part) => part !== "").join("\n")
}
