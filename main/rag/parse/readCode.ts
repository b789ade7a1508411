import { linesOf, type Span } from "../sentences.ts"
import type { ReadDocument, TextSection, TextUnit } from "./contract.ts"
import { cleanText, decodeText, withoutTrailingSpace } from "./readText.ts"

const linesPerUnit = 12
const longestUnit = 600
/** Generated and minified lines hold no declaration a person would look for. */
const longestDeclaration = 400

const modifiers =
  "(?:(?:export|default|declare|public|private|protected|internal|static|abstract|final|sealed|open|override|virtual|async|unsafe|extern|inline|partial|data|pub(?:\\([^)]*\\))?|readonly|const|constexpr|suspend|fileprivate|local)\\s+)*"
const containerWords =
  "class|interface|struct|enum|trait|impl|module|mod|namespace|object|protocol|extension|record|union"
const container = new RegExp(`^\\s*${modifiers}(?:${containerWords})\\b\\s+(?:class\\s+)?([^\\s({:;=]+[^({:;=]{0,60})`)
const callable = new RegExp(
  `^\\s*${modifiers}(?:function\\*?|func|fun|fn|def|sub|macro_rules!|proc)\\s+(?:\\([^)]*\\)\\s*)?([\\w$.:?!~]+)`,
)
/** `const name = (…) => {`, `type Name = {`: only what opens a block of its own. */
const assigned = new RegExp(`^\\s*${modifiers}(?:const|let|var|val|type)\\s+([\\w$]+)\\b.*(?:[{([]|=>|=)\\s*$`)
/** A method without a keyword, or a function of the C family: `int main(void) {`, `  render(): Node {`. */
const bare =
  /^\s*(?:[\w$<>[\],:*&~?.]+\s+){0,6}[*&]*(?:#|~)?([\w$:~]+)\s*(?:<[^>()]{0,80}>)?\([^;{}]*\)[^;{}=]{0,120}\{\s*$/
const statement =
  /^\s*(?:if|for|foreach|while|switch|return|else|catch|with|new|do|try|await|throw|using|lock|match|when|elif|assert)\b/
const sqlObject =
  /^\s*(?:create|alter)\s+(?:or\s+replace\s+)?(?:unique\s+|temporary\s+|materialized\s+)?(\w+)\s+(?:if\s+not\s+exists\s+)?([\w."`[\]]+)/i
const shellFunction = /^\s*(?:function\s+)?([\w:-]+)\s*\(\)\s*\{?\s*$/
const settingsSection = /^\[+([^\]]{1,100})\]+\s*$/
const settingsKey = /^([A-Za-z_][\w.-]{0,80}):(?:\s*[|>&]?.{0,2})?$/
const lead = /^\s*(?:\/\/|\/\*|\*|#(?!include|define|if|endif)|--|;;|@\w|\[\w|"""|'''|template\s*<)/

interface Declaration {
  name: string
  isContainer: boolean
}

/**
 * Source code, unchanged. A section begins at every declaration that stands at the top or inside a class, with the comments and
 * decorators above it; what a declaration is, is told by its first line and its indentation, for all languages alike.
 */
export function readCode(bytes: Uint8Array, fileName: string): ReadDocument {
  const text = withoutTrailingSpace(cleanText(decodeText(bytes)))
  const extension = /\.([^.]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? ""
  const lines = linesOf(text)
  const starts = declarationsOf(lines, extension)
  const sections: TextSection[] = [{ headingPath: [], start: 0 }]
  const units: TextUnit[] = []
  let block = 0
  let group: Span[] = []
  const close = (): void => {
    units.push(...unitsOfGroup(text, group, sections.length - 1, block))
    group = []
  }
  for (const [index, line] of lines.entries()) {
    const path = starts.get(index)
    if (path) {
      close()
      block++
      sections.push({ headingPath: path, start: line.start })
    }
    if (line.text.trim() === "") {
      close()
      block++
      continue
    }
    const size = group.length > 0 ? line.end - (group[0] as Span).start : 0
    if (group.length >= linesPerUnit || size > longestUnit) close()
    group.push(line)
  }
  close()
  return { text, title: fileName, pages: [], pageCount: null, structure: { sections, units } }
}

/** By line: the path of names that begins there. */
function declarationsOf(lines: readonly Span[], extension: string): Map<number, string[]> {
  const starts = new Map<number, string[]>()
  const path: { indent: number; name: string; isContainer: boolean }[] = []
  for (const [index, { text }] of lines.entries()) {
    if (text.trim() === "" || text.length > longestDeclaration) continue
    // Some styles open the block on a line of its own.
    const isOpenedBelow = (lines[index + 1] as Span | undefined)?.text.trim() === "{"
    const found = declarationIn(isOpenedBelow ? `${text} {` : text, extension)
    if (!found) continue
    const indent = indentOf(text)
    const parents = path.filter((outer) => outer.indent < indent)
    const isNested = parents.length > 0
    if (isNested ? !parents.every((parent) => parent.isContainer) || parents.length > 3 : indent > 0) continue
    path.splice(0, path.length, ...parents, { indent, name: found.name, isContainer: found.isContainer })
    let first = index
    while (first > 0 && !starts.has(first - 1) && lead.test((lines[first - 1] as Span).text.slice(0, 200))) first--
    starts.set(
      first,
      path.map(({ name }) => name),
    )
  }
  return starts
}

const indentOf = (line: string): number => (/^[ \t]*/.exec(line)?.[0] ?? "").replaceAll("\t", "    ").length

function declarationIn(line: string, extension: string): Declaration | null {
  if (lead.test(line) && !/^\s*@?\[/.test(line)) return null
  switch (extension) {
    case "sql":
      return named(sqlObject.exec(line), 2)
    case "toml":
    case "ini":
    case "cfg":
    case "conf":
    case "properties":
      return named(settingsSection.exec(line), 1)
    case "yaml":
    case "yml":
      return named(settingsKey.exec(line), 1)
    case "sh":
    case "bash":
    case "zsh":
      return named(shellFunction.exec(line) ?? callable.exec(line), 1)
  }
  const whole = container.exec(line)
  if (whole)
    return {
      name: (whole[1] as string)
        .replace(/\s+(?:extends|implements|where|for)\b.*$/, (rest) => (/^\s+for/.test(rest) ? rest : ""))
        .trim(),
      isContainer: true,
    }
  if (statement.test(line)) return null
  const code =
    extension === "py" || extension === "rb"
      ? callable.exec(line)
      : (callable.exec(line) ?? assigned.exec(line) ?? bare.exec(line))
  const name = code?.[1]
  return name && !/^(?:if|for|while|switch|catch|function|return|else)$/.test(name)
    ? { name, isContainer: false }
    : null
}

const named = (match: RegExpExecArray | null, group: number): Declaration | null =>
  match?.[group] ? { name: match[group].trim(), isContainer: false } : null

/** Whole lines with their indentation; a line that is too long is cut, never inside a surrogate pair. */
function unitsOfGroup(text: string, group: readonly Span[], section: number, block: number): TextUnit[] {
  const first = group[0]
  const last = group.at(-1)
  if (!first || !last) return []
  const units: TextUnit[] = []
  let start = first.start
  while (last.end - start > longestUnit * 2) {
    let end = start + longestUnit
    const lineEnd = text.slice(start, end).lastIndexOf("\n")
    if (lineEnd > 0) end = start + lineEnd
    const code = text.charCodeAt(end)
    if (code >= 0xdc00 && code <= 0xdfff) end--
    if (text.slice(start, end).trim() !== "") units.push({ start, end, section, block, kind: "code" })
    start = text.charCodeAt(end) === 10 ? end + 1 : end
  }
  if (text.slice(start, last.end).trim() !== "") units.push({ start, end: last.end, section, block, kind: "code" })
  return units
}
