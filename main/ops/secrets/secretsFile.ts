import { readFile } from "node:fs/promises"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { sealedValue, vaultHeader } from "./vault.ts"

const entry = z.discriminatedUnion("source", [
  z.strictObject({ source: z.literal("keychain") }),
  z.strictObject({ source: z.literal("vault"), sealed: sealedValue }),
  z.strictObject({
    source: z.literal("file"),
    value: z.string(),
    /** A restored backup brought it: it waits for a better place. */
    isRestored: z.literal(true).optional(),
  }),
])
const secretsFile = z.strictObject({
  version: z.literal(1),
  vault: vaultHeader.nullable(),
  entries: z.record(z.string(), entry),
})
export type SecretsFile = z.infer<typeof secretsFile>

/** `secrets.json`; an empty one where there is none. Throws `secrets.damaged`. */
export async function readSecretsFile(path: string): Promise<SecretsFile> {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { version: 1, vault: null, entries: {} }
    throw error
  }
  try {
    return secretsFile.parse(JSON.parse(text))
  } catch {
    // The cause would quote the file.
    throw new AppError("secrets.damaged", "`secrets.json` in the data directory cannot be read.", {
      remedy: "Restore it from a backup. Without it, what it encrypts cannot be opened.",
    })
  }
}
