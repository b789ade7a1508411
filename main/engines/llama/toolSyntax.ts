import { LlamaText, type Token } from "node-llama-cpp"
import type { OpenModel } from "./model.ts"
import { plainText } from "./prompt.ts"

/** Small models often leave out the frame around a call, or fence it as code. */
const FRAMES = ["", "```json\n", "```\n", "<tools>\n", "<tools>"]
const NAME_SPACINGS = ['{"name": ', '{"name":', '{\n  "name": ', '{\n    "name": ']

/** Bare spellings of a call, with the tool each begins a call of. */
export function bareMarks(names: readonly string[]): Map<string, string> {
  return new Map(
    names.flatMap((name) =>
      FRAMES.flatMap((frame) =>
        NAME_SPACINGS.map((spacing): [string, string] => [`${frame}${spacing}${JSON.stringify(name)}`, name]),
      ),
    ),
  )
}

/** How this model writes a tool call, from its chat template: `prefix name paramsPrefix {…} suffix`. */
export interface ToolSyntax {
  /** Texts by which a call is recognised while the model writes freely. */
  marks: string[]
  prefix(isFirst: boolean): Token[]
  betweenNameAndArguments(name: string): Token[]
  suffix(name: string): Token[]
  tokenize(text: string): Token[]
}

export function toolSyntaxOf(open: OpenModel): ToolSyntax {
  const { call, parallelism } = open.wrapper.settings.functions
  const { tokenizer } = open.model
  const tokensOf = (...parts: (LlamaText | string)[]): Token[] =>
    LlamaText(parts).tokenize(tokenizer, "trimLeadingSpace")
  const forName = (text: LlamaText | string, name: string): LlamaText =>
    LlamaText(text).mapValues((value) =>
      typeof value === "string" ? value.replaceAll("{{functionName}}", name) : value,
    )
  const first = LlamaText([parallelism?.call.sectionPrefix ?? "", call.prefix])
  const next = LlamaText([parallelism?.call.betweenCalls ?? "", call.prefix])
  const written = [first, LlamaText(call.prefix), ...(call.prefixAlternateMatches ?? [])]
  return {
    marks: [...new Set(written.map((text) => markOf(plainText(text))).filter((mark) => mark.length >= 3))],
    prefix: (isFirst) => tokensOf(isFirst ? first : next),
    betweenNameAndArguments: (name) => tokensOf(forName(call.paramsPrefix, name)),
    suffix: (name) => tokensOf(forName(call.suffix, name)),
    tokenize: (text) => tokensOf(text),
  }
}

/** The first line is enough to know a call by: models vary the white space after it. */
function markOf(prefix: string): string {
  return prefix.trimStart().split("\n", 1)[0]!.trimEnd()
}
