import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { headerBytes, nativeBinary } from "./nativeBinary.ts"
import { nodeOf, requiredParts, type Target } from "./requiredParts.ts"

/** What electron-builder hands to its hook, as far as it is used here. */
interface PackContext {
  appOutDir: string
  electronPlatformName: string
  /** Its own numbers: 1 x64, 3 arm64. */
  arch: number
  packager: { projectDir: string; getResourcesDir(appOutDir: string): string }
}

const platforms = ["linux", "darwin", "win32"] as const
const arches: Readonly<Record<number, Target["arch"]>> = { 1: "x64", 3: "arm64" }

/** Makes what electron-builder put together ready for one target. Throws where a part of the target is missing on this machine. */
export default function afterPack(context: PackContext): void {
  const os = platforms.find((name) => name === context.electronPlatformName)
  const arch = arches[context.arch]
  if (!os || !arch)
    throw new Error(`No installer is made for ${context.electronPlatformName}, processor ${context.arch}.`)
  const resources = context.packager.getResourcesDir(context.appOutDir)
  const target = { os, arch }
  // The way out for a platform without a packaged Node.
  const node = process.env.ZENGLOW_PACKAGE_NODE ?? join(context.packager.projectDir, "node_modules", nodeOf(target))
  finish(join(resources, "app.asar.unpacked"), join(resources, "node"), node, target)
}

/** Puts `node` into `nodeDir`, removes native files of other targets below `app`, and checks that the rest is complete. */
export function finish(app: string, nodeDir: string, node: string, target: Target): void {
  removeForeign(app, target)
  const missing = requiredParts(target).filter((path) => !existsSync(join(app, path)))
  if (!existsSync(node) || !isForTarget(node, target)) missing.push(nodeOf(target))
  if (missing.length > 0)
    throw new Error(
      `Cannot package for ${target.os} ${target.arch}: not installed here: ${missing.join(", ")}. Package on that platform; for another processor see docs/installers.md.`,
    )
  const placed = join(nodeDir, target.os === "win32" ? "node.exe" : "node")
  mkdirSync(dirname(placed), { recursive: true })
  copyFileSync(node, placed)
  chmodSync(placed, 0o755)
}

function removeForeign(folder: string, target: Target): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) removeForeign(path, target)
    else if (entry.isFile() && !isForTarget(path, target)) rmSync(path)
  }
}

/** Whether a file runs on the target, or is no native file at all. */
export function isForTarget(path: string, { os, arch }: Target): boolean {
  const header = Buffer.alloc(headerBytes)
  const file = openSync(path, "r")
  try {
    const binary = nativeBinary(header.subarray(0, readSync(file, header, 0, headerBytes, 0)))
    return !binary || (binary.os === os && binary.arches.includes(arch))
  } finally {
    closeSync(file)
  }
}
