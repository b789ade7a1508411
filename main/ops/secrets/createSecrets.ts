import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { withLimit } from "../withLimit.ts"
import { writePrivateFile } from "./privateFile.ts"
import { readSecretsFile, type SecretsFile } from "./secretsFile.ts"
import type { Keychain, Secret, SecretSource, Secrets } from "./types.ts"
import { createVault, openVault, seal, unseal } from "./vault.ts"

export interface SecretsOptions {
  /** `<dataDir>/secrets.json`, mode 0600, holds where each secret lies, and those that lie here. */
  dataDir: string
  environment: Readonly<Record<string, string | undefined>>
  /** Null: none on this machine, or not wanted. */
  keychain: Keychain | null
  /** Opens, or makes, the vault. Null: there is none, or it stays locked. */
  passphrase: string | null
  /** Hears of every value that was read or set, so that logs can hide it. */
  onValue?: (value: string) => void
  log: Logger
}

const namePattern = /^[a-z0-9][a-z0-9.:_-]{0,99}$/
const keychainProbe = "probe"
/** A keychain that asks its user for a password may take its time; one that hangs must not hold the core. */
const keychainTimeoutMs = 30_000

export async function createSecrets(options: SecretsOptions): Promise<Secrets> {
  const path = join(options.dataDir, "secrets.json")
  const known = new Map<string, Secret>()
  let file = await readSecretsFile(path)
  let vaultKey = file.vault && options.passphrase ? await openVault(file.vault, options.passphrase) : null
  let workingKeychain: Promise<Keychain | null> | undefined
  // One change at a time: each rewrites the whole file.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }
  const change = async (entries: SecretsFile["entries"], vault = file.vault): Promise<void> => {
    const next = { version: 1 as const, vault, entries }
    await writePrivateFile(path, `${JSON.stringify(next, null, 2)}\n`)
    file = next
  }
  const keychain = (): Promise<Keychain | null> => (workingKeychain ??= probeKeychain(options))
  const place = async (): Promise<Exclude<SecretSource, "env">> =>
    (await keychain()) ? "keychain" : options.passphrase ? "vault" : "file"

  const keep = async (name: string, value: string): Promise<Exclude<SecretSource, "env">> => {
    const source = await place()
    if (source === "keychain") {
      const chain = await keychain()
      await bounded(async () => chain?.set(name, value))
      await change({ ...file.entries, [name]: { source } })
    } else if (source === "vault") {
      let vault = file.vault
      if (!vaultKey) ({ header: vault, key: vaultKey } = await createVault(options.passphrase as string))
      await change({ ...file.entries, [name]: { source, sealed: seal(vaultKey, name, value) } }, vault)
    } else {
      await change({ ...file.entries, [name]: { source, value } })
    }
    return source
  }

  const read = async (name: string): Promise<Secret | null> => {
    const fromEnvironment = options.environment[environmentName(name)]
    if (fromEnvironment) return { value: fromEnvironment, source: "env" }
    const found = file.entries[name]
    if (!found) return null
    if (found.source === "file") return { value: found.value, source: "file" }
    if (found.source === "keychain") {
      const chain = await keychain()
      const value = await bounded(async () => chain?.get(name)).catch(() => null)
      if (value) return { value, source: "keychain" }
      throw new AppError("secrets.locked", "The system's keychain does not give out a secret that was put there.", {
        remedy: "Unlock the keychain, or set the secret again.",
      })
    }
    if (!vaultKey) {
      throw new AppError("secrets.locked", "The vault is locked.", {
        remedy: "Start with ZENGLOW_VAULT_PASSPHRASE set.",
      })
    }
    try {
      return { value: unseal(vaultKey, name, found.sealed), source: "vault" }
    } catch {
      throw new AppError("secrets.damaged", "A secret in the vault was changed from outside.", {
        remedy: "Set it again, or restore `secrets.json` from a backup.",
      })
    }
  }
  const get = async (name: string): Promise<Secret | null> => {
    checkName(name)
    const cached = known.get(name)
    if (cached) return cached
    const secret = await read(name)
    if (!secret) return null
    known.set(name, secret)
    options.onValue?.(secret.value)
    return secret
  }
  const set = async (name: string, value: string): Promise<SecretSource> => {
    checkName(name)
    if (options.environment[environmentName(name)]) {
      throw new AppError("request.conflict", `The environment sets this secret: ${environmentName(name)}.`, {
        remedy: "Change or remove the environment variable.",
      })
    }
    options.onValue?.(value)
    const source = await keep(name, value)
    known.set(name, { value, source })
    return source
  }

  await inTurn(() => moveIntoBetterPlace())
  /** Where there is a passphrase now, and what a restored backup brought; the keychain is asked only when something waits for it. */
  async function moveIntoBetterPlace(): Promise<void> {
    for (const [name, found] of Object.entries(file.entries)) {
      if (found.source !== "file" || !(options.passphrase || found.isRestored)) continue
      if ((await place()) === "file") continue
      await keep(name, found.value)
      options.log.info("a secret moved out of the private file", { name })
    }
  }

  return {
    get,
    set: (name, value) => inTurn(() => set(name, value)),
    remove: (name) =>
      inTurn(async () => {
        checkName(name)
        const found = file.entries[name]
        if (!found) return
        if (found.source === "keychain") {
          const chain = await keychain()
          await bounded(async () => chain?.remove(name)).catch(() => undefined)
        }
        const { [name]: _removed, ...rest } = file.entries
        await change(rest)
        known.delete(name)
      }),
    list: async () =>
      Object.entries(file.entries).map(([name, { source }]) => ({
        name,
        source: options.environment[environmentName(name)] ? ("env" as const) : source,
      })),
    dataKey: (name) =>
      inTurn(async () => {
        const existing = await get(`data-key:${name}`)
        if (existing) return Buffer.from(existing.value, "base64")
        const key = randomBytes(32)
        await set(`data-key:${name}`, key.toString("base64"))
        return key
      }),
    place,
  }
}

/** `openai:work` is set by ZENGLOW_SECRET_OPENAI_WORK. */
export const environmentName = (name: string): string =>
  `ZENGLOW_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`

function checkName(name: string): void {
  if (!namePattern.test(name)) {
    throw new AppError("request.invalid", "This is not the name of a secret.", {
      remedy: "Use small letters, digits and . : _ - only.",
    })
  }
}

/** The keychain, if it keeps what it is given. Asked once. */
async function probeKeychain({ keychain, log }: SecretsOptions): Promise<Keychain | null> {
  if (!keychain) return null
  try {
    const value = randomBytes(8).toString("hex")
    await bounded(() => keychain.set(keychainProbe, value))
    const kept = await bounded(() => keychain.get(keychainProbe))
    await bounded(() => keychain.remove(keychainProbe))
    if (kept === value) return keychain
  } catch {
    // Falls through: what a keychain says about itself may name accounts.
  }
  log.info("no keychain at hand: secrets stay in the data directory", {})
  return null
}

/** A call to the keychain, which may wait for its user, not for ever. */
const bounded = <T>(call: () => Promise<T>): Promise<T> =>
  withLimit(
    call,
    keychainTimeoutMs,
    () =>
      Promise.reject(
        new AppError("secrets.locked", "The system's keychain does not answer.", { remedy: "Unlock it." }),
      ),
    new AbortController().signal,
  )
