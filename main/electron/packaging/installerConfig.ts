import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

type Environment = Readonly<Record<string, string | undefined>>
type Section = Readonly<Record<string, unknown>>

const section = (value: unknown): Section => (typeof value === "object" && value !== null ? { ...value } : {})

/**
 * electron-builder.yml with what this machine decides: a given Electron, and whether there is something to sign with.
 * Without it the installers say so in their names, and a build that should be signed never passes unsigned.
 */
export function installerConfig(base: Section, platform: NodeJS.Platform, env: Environment): Section {
  const config: Record<string, unknown> = { ...base, ...givenElectron(section(base.electronFuses), env) }
  const isSigned = canSign(platform, env)
  config.forceCodeSigning = isSigned
  if (env.ZENGLOW_PACKAGE_OUTPUT)
    config.directories = { ...section(base.directories), output: env.ZENGLOW_PACKAGE_OUTPUT }
  if (isSigned) return config
  config.artifactName = String(base.artifactName).replace(/\.(?=[^.]*$)/, "-unsigned.")
  // Apple's processors start nothing that has no signature at all: "-" signs without a name, which proves nothing.
  config.mac = { ...section(base.mac), identity: "-", hardenedRuntime: false }
  return config
}

/** Linux packages carry no signature inside: whoever publishes them signs beside them. */
function canSign(platform: NodeJS.Platform, env: Environment): boolean {
  if (platform === "darwin") return Boolean(env.CSC_LINK || env.CSC_NAME)
  if (platform === "win32") return Boolean(env.WIN_CSC_LINK || env.CSC_LINK)
  return false
}

/** `ZENGLOW_PACKAGE_ELECTRON`: a folder with an unpacked Electron, so that nothing is downloaded. Its version is in it, or beside. */
function givenElectron(fuses: Section, env: Environment): Section {
  const folder = env.ZENGLOW_PACKAGE_ELECTRON
  if (!folder) return {}
  const versionFile = join(folder, "version")
  const version =
    env.ZENGLOW_PACKAGE_ELECTRON_VERSION ?? (existsSync(versionFile) ? readFileSync(versionFile, "utf8").trim() : "")
  const major = Number(/^v?(\d+)\./.exec(version)?.[1])
  if (!major)
    throw new Error(`Which Electron lies in ${folder}? It has no file "version": set ZENGLOW_PACKAGE_ELECTRON_VERSION.`)
  const { grantFileProtocolExtraPrivileges, ...older } = fuses
  return {
    electronDist: folder,
    electronVersion: version.replace(/^v/, ""),
    // The fuse came with Electron 29; an older binary has no place for it.
    electronFuses: major >= 29 ? { ...older, grantFileProtocolExtraPrivileges } : older,
  }
}
