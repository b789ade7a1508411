import { posix } from "node:path"
import type { ZipParts } from "./unpackZip.ts"
import { elements, findFirst, oneLine, parseXml, textOfNode } from "./xml.ts"

export interface Relation {
  type: string
  /** A part of the archive, or an address when `isExternal`. External targets are shown, never opened. */
  target: string
  isExternal: boolean
}

/** Relations of a part of an Office file (ECMA-376, part 2), by id. */
export function relationsOf(parts: ZipParts, path: string, kind: string): Map<string, Relation> {
  const folder = posix.dirname(path)
  const part = parts[posix.join(folder, "_rels", `${posix.basename(path)}.rels`)]
  const relations = new Map<string, Relation>()
  if (!part) return relations
  for (const { attributes } of elements(parseXml(part, kind))) {
    const { Id, Type = "", Target = "", TargetMode } = attributes
    if (!Id) continue
    const isExternal = TargetMode === "External"
    const target = isExternal ? Target : Target.startsWith("/") ? Target.slice(1) : posix.join(folder, Target)
    relations.set(Id, { type: Type, target, isExternal })
  }
  return relations
}

/** Title and date from the properties that every Office program writes. */
export function coreProperties(parts: ZipParts, kind: string): { title: string | null; modifiedAt: number | null } {
  const part = parts["docProps/core.xml"]
  if (!part) return { title: null, modifiedAt: null }
  const core = parseXml(part, kind)
  const title = oneLine(textOfNode(findFirst(core, "dc:title"))).slice(0, 300)
  return { title: title || null, modifiedAt: dateOf(textOfNode(findFirst(core, "dcterms:modified"))) }
}

/** Milliseconds since the epoch; null for what is no date, and for dates that no document has. */
export function dateOf(text: string | null | undefined): number | null {
  const at = text ? Date.parse(text.trim()) : Number.NaN
  return at > Date.UTC(1970, 0, 2) && at < Date.UTC(2200, 0, 1) ? at : null
}
