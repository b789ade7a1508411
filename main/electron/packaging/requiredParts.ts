import { entries } from "#app/entries.ts"

export interface Target {
  os: "linux" | "darwin" | "win32"
  arch: "x64" | "arm64"
}

/** The packaged Node's executable for a target, relative to node_modules. */
export function nodeOf({ os, arch }: Target): string {
  const name = os === "win32" ? "node.exe" : "node"
  const prefix = os === "darwin" && arch === "arm64" ? "node-bin" : "node"
  return `${prefix}-${os === "win32" ? "win" : os}-${arch}/bin/${name}`
}

/**
 * Files without which an installed ZenGlow does not work, relative to the app's folder. Only what has no substitute is here: sound
 * devices, for one, come through the window too.
 */
export function requiredParts({ os, arch }: Target): string[] {
  const llama = {
    linux: `linux-${arch}`,
    darwin: arch === "arm64" ? "mac-arm64-metal" : "mac-x64",
    win32: `win-${arch}`,
  }[os]
  const vectors = {
    linux: `linux-${arch}/vec0.so`,
    darwin: `darwin-${arch}/vec0.dylib`,
    win32: `windows-${arch}/vec0.dll`,
  }[os]
  const keyring = { linux: `linux-${arch}-gnu`, darwin: `darwin-${arch}`, win32: `win32-${arch}-msvc` }[os]
  return [
    ...Object.keys(entries).map((name) => `dist/${name}.mjs`),
    "dist/renderer/index.html",
    `node_modules/better-sqlite3/prebuilds/${os}-${arch}.node`,
    `node_modules/onnxruntime-node/bin/napi-v6/${os}/${arch}/onnxruntime_binding.node`,
    `node_modules/@node-llama-cpp/${llama}/package.json`,
    `node_modules/sqlite-vec-${vectors}`,
    `node_modules/@napi-rs/keyring-${keyring}/keyring.${keyring}.node`,
  ]
}
