import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto"
import { promisify } from "node:util"
import { z } from "zod"
import { AppError } from "#core/errors.ts"

/** One value, sealed with AES-256-GCM; its name is authenticated with it, so that entries cannot change places. Base64. */
export const sealedValue = z.strictObject({ nonce: z.string(), data: z.string(), tag: z.string() })
export type SealedValue = z.infer<typeof sealedValue>

/** How the key comes from the passphrase, and a value that shows whether it is the right one. */
export const vaultHeader = z.strictObject({
  kdf: z.literal("scrypt"),
  n: z
    .number()
    .int()
    .min(2 ** 14)
    .max(2 ** 20),
  r: z.number().int().min(1).max(32),
  p: z.number().int().min(1).max(16),
  salt: z.string(),
  check: sealedValue,
})
export type VaultHeader = z.infer<typeof vaultHeader>

const checkName = "vault-check"
const scryptBytes = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
)

/** RFC 7914; the cost is what OWASP's password storage sheet asks for at least: N = 2^17, r = 8, p = 1 (128 MiB, some tenths of a second). */
export async function createVault(passphrase: string): Promise<{ header: VaultHeader; key: Buffer }> {
  const cost = { n: 2 ** 17, r: 8, p: 1 }
  const salt = randomBytes(16)
  const key = await derive(passphrase, salt, cost)
  const header = {
    kdf: "scrypt" as const,
    ...cost,
    salt: salt.toString("base64"),
    check: seal(key, checkName, checkName),
  }
  return { header, key }
}

/** Throws `secrets.locked` when the passphrase is not the one the vault was made with. */
export async function openVault(header: VaultHeader, passphrase: string): Promise<Buffer> {
  const key = await derive(passphrase, Buffer.from(header.salt, "base64"), header)
  try {
    unseal(key, checkName, header.check)
  } catch {
    throw new AppError("secrets.locked", "The passphrase does not open the vault.", {
      remedy: "Set ZENGLOW_VAULT_PASSPHRASE to the one it was made with.",
    })
  }
  return key
}

export function seal(key: Buffer, name: string, value: string): SealedValue {
  const nonce = randomBytes(12)
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name))
  const data = Buffer.concat([cipher.update(value, "utf8"), cipher.final()])
  return {
    nonce: nonce.toString("base64"),
    data: data.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
  }
}

/** Throws when the value was changed, belongs to another name, or was sealed with another key. */
export function unseal(key: Buffer, name: string, sealed: SealedValue): string {
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(sealed.nonce, "base64"), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(sealed.tag, "base64"))
  return Buffer.concat([decipher.update(Buffer.from(sealed.data, "base64")), decipher.final()]).toString("utf8")
}

const derive = (passphrase: string, salt: Buffer, { n, r, p }: { n: number; r: number; p: number }): Promise<Buffer> =>
  scryptBytes(passphrase.normalize("NFKC"), salt, 32, { N: n, r, p, maxmem: 256 * n * r })
