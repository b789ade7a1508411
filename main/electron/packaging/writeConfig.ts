import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import { installerConfig } from "./installerConfig.ts"

/** `writeConfig.ts FILE`: writes the configuration that electron-builder is run with on this machine. */
const [file] = process.argv.slice(2)
if (!file) throw new Error("Name the file to write.")
const root = fileURLToPath(new URL("../../..", import.meta.url))
const base = parse(readFileSync(join(root, "electron-builder.yml"), "utf8")) as Record<string, unknown>
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, JSON.stringify(installerConfig(base, process.platform, process.env), null, 2))
