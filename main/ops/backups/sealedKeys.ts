import { readFile } from "node:fs/promises"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { readSecretsFile } from "../secrets/secretsFile.ts"
import { createVault, openVault, seal, sealedValue, unseal, vaultHeader } from "../secrets/vault.ts"

/** Name of the file beside a backup's list that holds the keys of what is encrypted in it. */
export const keysName = "keys.json"
const keysFile = z.strictObject({ vault: vaultHeader, keys: z.record(z.string(), sealedValue) })

/** Data keys under a passphrase (scrypt, AES-256-GCM): with them a backup opens on a machine whose keychain never saw them. */
export async function sealKeys(keys: Readonly<Record<string, string>>, passphrase: string): Promise<string> {
  const { header, key } = await createVault(passphrase)
  const sealed = Object.entries(keys).map(([name, value]) => [name, seal(key, name, value)])
  return JSON.stringify({ vault: header, keys: Object.fromEntries(sealed) })
}

/** Throws `backup.damaged`, and `secrets.locked` for a wrong passphrase. Null: the backup was made without keys. */
export async function openKeys(path: string, passphrase: string): Promise<Record<string, string> | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null
    throw error
  })
  if (text === null) return null
  let file: z.infer<typeof keysFile>
  try {
    file = keysFile.parse(JSON.parse(text))
  } catch {
    throw changed()
  }
  const key = await openVault(file.vault, passphrase).catch(() => {
    throw new AppError("secrets.locked", "The passphrase does not open the keys of this backup.", {
      remedy: "Use the one that was given when it was made. Nothing was changed.",
    })
  })
  try {
    return Object.fromEntries(Object.entries(file.keys).map(([name, sealed]) => [name, unseal(key, name, sealed)]))
  } catch {
    throw changed()
  }
}

/** The list of secrets at `path` with these keys in it, for the start that finds them there to move them to the best place it has. */
export async function withKeys(path: string, keys: Readonly<Record<string, string>>): Promise<string> {
  const file = await readSecretsFile(path)
  const entries = { ...file.entries }
  for (const [name, value] of Object.entries(keys)) entries[name] = { source: "file", value, isRestored: true }
  return `${JSON.stringify({ ...file, entries }, null, 2)}\n`
}

const changed = (): AppError =>
  new AppError("backup.damaged", "The keys of this backup were changed from outside.", {
    remedy: "Choose another one; nothing was changed.",
  })
