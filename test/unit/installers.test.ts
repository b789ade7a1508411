import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { finish } from "#electron/packaging/afterPack.ts"
import { installerConfig } from "#electron/packaging/installerConfig.ts"
import { nativeBinary } from "#electron/packaging/nativeBinary.ts"
import { nodeOf, requiredParts, type Target } from "#electron/packaging/requiredParts.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const text = readFileSync(join(root, "electron-builder.yml"), "utf8")
const base = parse(text) as Record<string, unknown>
const entitlements = readFileSync(join(root, "main/electron/packaging/entitlements.mac.plist"), "utf8")

const elf = (machine: number): Buffer => {
  const header = Buffer.alloc(64)
  header.writeUInt32BE(0x7f454c46)
  header.writeUInt16LE(machine, 18)
  return header
}
const machO = (cpu: number): Buffer => {
  const header = Buffer.alloc(64)
  header.writeUInt32BE(0xcffaedfe)
  header.writeUInt32LE(cpu, 4)
  return header
}
const windows = (machine: number): Buffer => {
  const header = Buffer.alloc(256)
  header.write("MZ", "latin1")
  header.writeUInt32LE(0x80, 0x3c)
  header.write("PE\0\0", 0x80, "latin1")
  header.writeUInt16LE(machine, 0x84)
  return header
}
const universal = (...cpus: number[]): Buffer => {
  const header = Buffer.alloc(256)
  header.writeUInt32BE(0xcafebabe)
  header.writeUInt32BE(cpus.length, 4)
  for (const [index, cpu] of cpus.entries()) header.writeUInt32BE(cpu, 8 + index * 20)
  return header
}
const javaClass = Buffer.alloc(64)
javaClass.writeUInt32BE(0xcafebabe)
javaClass.writeUInt32BE(52, 4)

describe("electron-builder.yml", () => {
  it("makes every installer for both processors", () => {
    const wanted = { win: ["nsis"], mac: ["dmg", "zip"], linux: ["AppImage", "deb"] }
    for (const [platform, targets] of Object.entries(wanted)) {
      const arch = ["x64", "arm64"]
      expect((base[platform] as { target: unknown }).target).toEqual(targets.map((target) => ({ target, arch })))
    }
  })

  it("closes Electron's back doors, and opens no hole in macOS's hardened runtime or in the sandbox", () => {
    expect(base.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    })
    expect((base.mac as { hardenedRuntime: unknown }).hardenedRuntime).toBe(true)
    expect(text).not.toMatch(/no-sandbox|executableArgs|disable-web-security/)
    expect(entitlements.match(/<key>.*<\/key>/g)).toEqual([
      "<key>com.apple.security.cs.allow-jit</key>",
      "<key>com.apple.security.device.audio-input</key>",
    ])
  })

  it("keeps what Node runs out of the archive, and the shell in it", () => {
    const unpacked = base.asarUnpack as string[]
    expect(unpacked).toEqual(expect.arrayContaining(["dist/*.mjs", "node_modules/**"]))
    expect(unpacked.some((pattern) => pattern.includes("electron"))).toBe(false)
    const folders = /\{(.*)\}/.exec(unpacked.find((pattern) => pattern.includes("{")) ?? "")?.[1]?.split(",")
    const bundled = readFileSync(join(root, "main/app/entries.ts"), "utf8").match(/"\.\/(\w+)\/"/g)
    expect(bundled?.map((folder) => folder.slice(3, -2)).sort()).toEqual(folders?.sort())
  })

  it("names icons that are there", () => {
    const icons = readdirSync(join(root, "main/electron/packaging/icons"))
    expect(icons).toEqual(expect.arrayContaining(["icon.icns", "icon.ico", "512x512.png", "16x16.png"]))
    expect(readFileSync(join(root, "main/electron/packaging/icons/icon.icns"), "latin1").slice(0, 4)).toBe("icns")
  })
})

describe("what this machine decides", () => {
  it("names installers unsigned where there is nothing to sign with, and refuses to pass unsigned ones as signed", () => {
    for (const platform of ["linux", "darwin", "win32"] as const)
      expect(installerConfig(base, platform, {})).toMatchObject({
        artifactName: `${String(base.artifactName).slice(0, -7)}-unsigned.\${ext}`,
        forceCodeSigning: false,
      })
    const signed = installerConfig(base, "darwin", { CSC_LINK: "certificate.p12" })
    expect(signed).toMatchObject({
      artifactName: base.artifactName,
      forceCodeSigning: true,
      mac: { hardenedRuntime: true },
    })
    expect(signed.mac).not.toHaveProperty("identity")
  })

  it("takes a given Electron, leaves out the fuse that an old one has no place for, and asks which version it is", () => {
    const env = { ZENGLOW_PACKAGE_ELECTRON: "/nowhere", ZENGLOW_PACKAGE_ELECTRON_VERSION: "v22.3.25" }
    const old = installerConfig(base, "linux", env)
    expect(old).toMatchObject({ electronDist: "/nowhere", electronVersion: "22.3.25" })
    expect(old.electronFuses).not.toHaveProperty("grantFileProtocolExtraPrivileges")
    expect(old.electronFuses).toHaveProperty("runAsNode", false)
    const current = installerConfig(base, "linux", { ...env, ZENGLOW_PACKAGE_ELECTRON_VERSION: "45.4.1" })
    expect(current.electronFuses).toEqual(base.electronFuses)
    expect(() => installerConfig(base, "linux", { ZENGLOW_PACKAGE_ELECTRON: "/nowhere" })).toThrow("VERSION")
  })
})

it("tells by its first bytes what a file runs on", () => {
  expect(nativeBinary(elf(62))).toEqual({ os: "linux", arches: ["x64"] })
  expect(nativeBinary(elf(183))).toEqual({ os: "linux", arches: ["arm64"] })
  expect(nativeBinary(elf(243))).toEqual({ os: "linux", arches: [] })
  expect(nativeBinary(windows(0x8664))).toEqual({ os: "win32", arches: ["x64"] })
  expect(nativeBinary(windows(0xaa64))).toEqual({ os: "win32", arches: ["arm64"] })
  expect(nativeBinary(machO(0x0100000c))).toEqual({ os: "darwin", arches: ["arm64"] })
  expect(nativeBinary(universal(0x01000007, 0x0100000c))).toEqual({ os: "darwin", arches: ["x64", "arm64"] })
  for (const other of [
    javaClass,
    Buffer.from("MZ and more of a text that begins so"),
    Buffer.alloc(3),
    Buffer.alloc(4096),
  ])
    expect(nativeBinary(other)).toBeNull()
})

describe("a package being put together", () => {
  const target: Target = { os: "linux", arch: "arm64" }
  let work: string
  const write = (path: string, content: Buffer): void => {
    mkdirSync(dirname(join(work, path)), { recursive: true })
    writeFileSync(join(work, path), content)
  }
  const pack = (): void => finish(join(work, "app"), join(work, "node"), join(work, "own-node"), target)

  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), "zenglow-packaging-"))
    for (const part of requiredParts(target))
      write(join("app", part), /\.(node|so)$/.test(part) ? elf(183) : Buffer.from("{}"))
    write("own-node", elf(183))
  })
  afterEach(() => rmSync(work, { recursive: true, force: true }))

  it("gets the target's Node and loses what runs elsewhere", () => {
    write("app/node_modules/better-sqlite3/prebuilds/linux-x64.node", elf(62))
    write("app/node_modules/better-sqlite3/prebuilds/win32-arm64.node", windows(0xaa64))
    write("app/node_modules/better-sqlite3/LICENSE", Buffer.from("MIT"))
    pack()
    expect(readdirSync(join(work, "app/node_modules/better-sqlite3/prebuilds"))).toEqual(["linux-arm64.node"])
    expect(readdirSync(join(work, "app/node_modules/better-sqlite3"))).toContain("LICENSE")
    expect(readFileSync(join(work, "node/node"))).toEqual(elf(183))
  })

  it("is refused without a part, or with one of another processor", () => {
    write("app/node_modules/better-sqlite3/prebuilds/linux-arm64.node", elf(62))
    expect(pack).toThrow("better-sqlite3/prebuilds/linux-arm64.node")
    write("app/node_modules/better-sqlite3/prebuilds/linux-arm64.node", elf(183))
    write("own-node", elf(62))
    expect(pack).toThrow(nodeOf(target))
    rmSync(join(work, "own-node"))
    expect(pack).toThrow(nodeOf(target))
  })
})
