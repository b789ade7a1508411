import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
/** Nearly every folder imports these two, so the picture says it in words instead of arrows. */
const ground = new Set(["contract", "core"])
/** Imports of code; JSON is data. */
const importOf = /(?:\bfrom|\bimport)\s*\(?\s*"([#.][^"]+\.(?:tsx?|m?js))"/g

/** "main/chat/turns.ts" is of `chat`; "renderer/api/x.ts" of `renderer`; a file that lies in main/ itself of none. */
const folderOf = (path: string): string | undefined => {
  const [top, second, ...rest] = path.split("/")
  return top === "main" ? (rest.length > 0 ? second : undefined) : top
}

const sources = ["main", "preload", "renderer"].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${top}/${name.split(sep).join("/")}`),
)

const arrowsOf = (path: string): string[] => {
  const from = folderOf(path)
  return [...readFileSync(join(root, path), "utf8").matchAll(importOf)].flatMap(([, target = ""]) => {
    const resolved = target.startsWith("#")
      ? `main/${target.slice(1)}`
      : relative(root, join(root, dirname(path), target))
          .split(sep)
          .join("/")
    const to = folderOf(resolved)
    return from && to && from !== to && !ground.has(to) ? [`${from} --> ${to}`] : []
  })
}

const sorted = (lines: string[]) => [...new Set(lines)].sort()
const text = readFileSync(join(root, "docs/architecture.md"), "utf8").replaceAll("\r\n", "\n")
const picture = (text.split("<!-- imports of the code -->")[1] ?? "").split("```")[1] ?? ""
/** The first two lines say what kind of picture it is. */
const lines = picture
  .split("\n")
  .slice(2)
  .map((line) => line.trim())

describe("the picture of imports in docs/architecture.md", () => {
  it("has every folder of the code and no other", () => {
    const drawn = lines.flatMap((line) => (line.includes("-->") ? line.split(" --> ") : (/^\w+$/.exec(line) ?? [])))
    const folders = sources.flatMap((path) =>
      [folderOf(path) ?? [], ...arrowsOf(path).flatMap((arrow) => arrow.split(" --> "))].flat(),
    )
    expect(sorted(drawn)).toEqual(sorted(folders))
  })

  it("has every arrow of the code and no other", () => {
    expect(sorted(lines.filter((line) => line.includes("-->")))).toEqual(sorted(sources.flatMap(arrowsOf)))
  })
})
