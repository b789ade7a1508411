#!/usr/bin/env node
/**
 * Packs a .deb with the system's own dpkg-deb. electron-builder calls it in place of fpm, which it would download:
 * `-s dir -t deb [options] SOURCE=DESTINATION…`.
 */
import { execFileSync } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"

const switches = new Set(["--force", "--debug"])
const { options, sources } = readArguments(process.argv.slice(2))
const only = (name: string): string => options.get(name)?.at(-1) ?? ""
const output = only("--package")
if (only("-s") !== "dir" || only("-t") !== "deb" || !output) throw new Error("Only folders become .deb packages here.")

const root = mkdtempSync(join(dirname(output), "deb-"))
try {
  chmodSync(root, 0o755)
  for (const source of sources) copyIn(source)
  const kilobytes = Math.ceil(normalize(root) / 1024)
  const control = join(root, "DEBIAN")
  mkdirSync(control, { mode: 0o755 })
  writeFileSync(join(control, "control"), controlFile(kilobytes))
  for (const [option, name] of [
    ["--after-install", "postinst"],
    ["--after-remove", "postrm"],
  ] as const) {
    const script = only(option)
    if (!script) continue
    copyFileSync(script, join(control, name))
    chmodSync(join(control, name), 0o755)
  }
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z6", "--build", root, output], { stdio: "inherit" })
} finally {
  rmSync(root, { recursive: true, force: true })
}

function readArguments(args: string[]): { options: Map<string, string[]>; sources: string[] } {
  const options = new Map<string, string[]>()
  const sources: string[] = []
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ""
    if (switches.has(argument)) continue
    if (!argument.startsWith("-")) sources.push(argument)
    else {
      const [, name = argument, inline] = /^(--[^=]+)=(.*)$/s.exec(argument) ?? []
      options.set(name, [...(options.get(name) ?? []), inline ?? args[++index] ?? ""])
    }
  }
  return { options, sources }
}

function copyIn(source: string): void {
  const at = source.indexOf("=")
  const [from, to] = [source.slice(0, at), join(root, source.slice(at + 1))]
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

/** Rights as a package has them, whatever the umask here; returns the bytes of all files. */
function normalize(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stats = lstatSync(path)
    if (stats.isSymbolicLink()) continue
    if (stats.isDirectory()) {
      chmodSync(path, 0o755)
      bytes += normalize(path)
    } else {
      chmodSync(path, stats.mode & 0o111 ? 0o755 : 0o644)
      bytes += stats.size
    }
  }
  return bytes
}

function controlFile(kilobytes: number): string {
  const [synopsis = "", ...body] = only("--description").trim().split("\n")
  const fields = {
    Package: only("--name"),
    Version: only("--version"),
    Architecture: only("--architecture"),
    Maintainer: only("--maintainer"),
    Vendor: only("--vendor"),
    License: only("--license"),
    Homepage: only("--url"),
    "Installed-Size": String(kilobytes),
    Depends: (options.get("-d") ?? []).join(", "),
    Recommends: (options.get("--deb-recommends") ?? []).join(", "),
    Section: only("--category") || "misc",
    Priority: only("--deb-priority") || "optional",
    Description: [synopsis.trim(), ...body.map((line) => ` ${line.trim() || "."}`)].join("\n"),
  }
  const lines = Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}: ${value}\n`] : []))
  return lines.join("")
}
