import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"

/** `npm run bench -- NAME [options]`: each bench is a file of this folder (shared/ is what several need) and prints ratios within one run. */
const folder = fileURLToPath(new URL(".", import.meta.url))
const [name = "", ...args] = process.argv.slice(2)
const file = `${folder}${basename(name)}.ts`
if (name === "" || name === "index" || !existsSync(file)) {
  const names = readdirSync(folder)
    .filter((entry) => entry.endsWith(".ts") && entry !== "index.ts")
    .map((entry) => basename(entry, ".ts"))
  process.stderr.write(`Benches: ${names.join(", ")}.\n`)
  process.exit(name === "" ? 0 : 2)
}
process.exit(spawnSync(process.execPath, [file, ...args], { stdio: "inherit" }).status ?? 1)
