import type { ConstantNode, FunctionNode, MathNode, OperatorNode, SymbolNode } from "mathjs"

/** Longest expression that is worked out, in characters. It also bounds how deep one nests. */
export const longestExpression = 200

/** Each takes constant time for any number, so that no expression keeps the core busy. Factorials and matrices would not. */
const functions = new Set(["sqrt", "cbrt", "abs", "round", "floor", "ceil", "min", "max", "exp", "log10"])
const operators = new Set(["add", "subtract", "multiply", "divide", "pow", "mod", "unaryMinus", "unaryPlus"])
const constants = new Set(["pi", "e"])

/**
 * The value of an arithmetic expression, by mathjs's parser; nothing is evaluated as code. Null: it is no arithmetic, or has no finite real
 * value (division by zero, the root of a negative number, beyond 1.8e308). 12 significant digits, so that 0.1 + 0.2 is 0.3.
 */
export async function calculate(expression: string): Promise<string | null> {
  if (expression.length > longestExpression) return null
  // Loaded by the first calculation: most starts of the core need none.
  const { parse, format } = await import("mathjs")
  try {
    const node = parse(expression)
    if (!isArithmetic(node)) return null
    const value: unknown = node.evaluate()
    return typeof value === "number" && Number.isFinite(value) ? format(value, { precision: 12 }) : null
  } catch {
    return null
  }
}

/** Only what is named here is evaluated: no assignment, no property, no text, no matrix, no function of the library that builds or loads. */
function isArithmetic(node: MathNode): boolean {
  let isAllowed = true
  node.traverse((part, path) => {
    isAllowed &&= isAllowedPart(part, path)
  })
  return isAllowed
}

function isAllowedPart(part: MathNode, path: string): boolean {
  switch (part.type) {
    case "ConstantNode":
      return typeof (part as ConstantNode).value === "number"
    case "ParenthesisNode":
      return true
    case "OperatorNode":
      return operators.has((part as OperatorNode).fn)
    case "FunctionNode": {
      const { fn } = part as FunctionNode
      return (fn as unknown as MathNode).type === "SymbolNode" && functions.has((fn as unknown as SymbolNode).name)
    }
    case "SymbolNode": {
      const { name } = part as SymbolNode
      return path === "fn" ? functions.has(name) : constants.has(name)
    }
    default:
      return false
  }
}
