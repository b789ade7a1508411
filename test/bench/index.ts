import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"

/** `npm run bench -- NAME… [options]`: each bench is a file of this folder (shared/ is what several need) and prints ratios within one run. */
const folder = fileURLToPath(new URL(".", import.meta.url))
const given = process.argv.slice(2)
const fileOf = (name: string): string => `${folder}${basename(name)}.ts`
const isBench = (name: string): boolean => /^\w+$/.test(name) && name !== "index" && existsSync(fileOf(name))
const firstOther = given.findIndex((argument) => !isBench(argument))
const names = firstOther < 0 ? given : given.slice(0, firstOther)
if (names.length === 0) {
  const all = readdirSync(folder)
    .filter((entry) => entry.endsWith(".ts") && entry !== "index.ts")
    .map((entry) => basename(entry, ".ts"))
  process.stderr.write(`Benches: ${all.join(", ")}.\n`)
  process.exit(given.length === 0 ? 0 : 2)
}
// One after the other: each wants the machine to itself.
const statuses = names.map(
  (name) => spawnSync(process.execPath, [fileOf(name), ...given.slice(names.length)], { stdio: "inherit" }).status ?? 1,
)
process.exit(Math.max(...statuses))
