import { childOf, childrenOf, elements, parseXml, textOfNode, type XmlNode } from "./xml.ts"

/** An equation of a Word document (ECMA-376, part 1, 22.1) on one line: `x=(-b±√(b^2-4ac))/(2a)`. */
export const linearMath = (xml: string): string =>
  written(parseXml(xml, "docx"))
    // Invisible signs between a function and its argument.
    .replace(/[\u2061-\u2064]/g, "")
    .replace(/\s+/g, " ")
    .trim()

function written(node: XmlNode | undefined): string {
  if (!node) return ""
  const part = (name: string): string => written(childOf(node, name))
  switch (node.name) {
    case "m:r":
      return childrenOf(node, "m:t").map(textOfNode).join("")
    case "m:f":
      return `${grouped(part("m:num"))}/${grouped(part("m:den"))}`
    case "m:sSup":
      return `${part("m:e")}^${grouped(part("m:sup"))}`
    case "m:sSub":
      return `${part("m:e")}_${grouped(part("m:sub"))}`
    case "m:sSubSup":
      return `${part("m:e")}_${grouped(part("m:sub"))}^${grouped(part("m:sup"))}`
    case "m:rad":
      return `${part("m:deg") === "" ? "" : `${part("m:deg")}-`}√${grouped(part("m:e"))}`
    case "m:func":
      return `${part("m:fName")} ${part("m:e")}`
    case "m:nary": {
      const sign = childOf(childOf(node, "m:naryPr"), "m:chr")?.attributes["m:val"] ?? "∫"
      const limits = [part("m:sub") && `_${grouped(part("m:sub"))}`, part("m:sup") && `^${grouped(part("m:sup"))}`]
      return `${sign}${limits.join("")} ${part("m:e")}`
    }
    case "m:d": {
      const properties = childOf(node, "m:dPr")
      const open = childOf(properties, "m:begChr")?.attributes["m:val"] ?? "("
      const close = childOf(properties, "m:endChr")?.attributes["m:val"] ?? ")"
      return `${open}${childrenOf(node, "m:e").map(written).join(", ")}${close}`
    }
    case "m:m":
      return `[${childrenOf(node, "m:mr")
        .map((row) => childrenOf(row, "m:e").map(written).join(", "))
        .join("; ")}]`
    default:
      return elements(node).map(written).join("")
  }
}

/** Brackets only where more than one sign stands together. */
const grouped = (text: string): string => ([...text].length > 1 && !/^[\d.]+$/.test(text) ? `(${text})` : text)
