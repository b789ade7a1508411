import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Scope } from "#contract/route.ts"
import type { ApiKey } from "#contract/settings.ts"
import { type Actor, hasScope, isOwnerPerson, ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { KeyStore } from "./deps/access.ts"

const scopes: readonly Scope[] = ["chat", "rag", "audio", "models", "ops", "dataset", "admin", "owner"]

/** Who sent a request: the actor, and which key or session speaks for it. */
export interface Caller {
  keyId: string
  actor: Actor
}

export interface Keyring {
  /** The caller behind a secret; null when nobody has it. */
  find(secret: string): Promise<Caller | null>
  /** `personId`: on whose behalf the key acts. Default: the actor. Throws `person.not-found`. */
  create(actor: Actor, name: string, scopes: string[], personId?: string): Promise<{ key: ApiKey; secret: string }>
  list(actor: Actor): Promise<ApiKey[]>
  revoke(actor: Actor, id: string): Promise<void>
  /** Hears of revoked keys, so that open sockets end. Returns the end of the subscription. */
  onRevoke(listener: (keyId: string) => void): () => void
}

const touchEveryMs = 60_000
const tellEveryMs = 3_600_000

/** The first-run key and the stored named ones. */
export function createKeyring(options: {
  firstRunKey: string
  store: KeyStore
  now: () => number
  /** With what the person's role allows now. Null: there is no such person any more. */
  actorOf(personId: string): Actor | null
  /** Hears that a key of somebody else than the owner is in use: once an hour at most. */
  onUse?(caller: Caller): void
}): Keyring {
  const firstRunHash = sha256(options.firstRunKey)
  const listeners = new Set<(keyId: string) => void>()
  const touched = new Map<string, number>()
  const told = new Map<string, number>()
  return {
    async find(secret) {
      const hash = sha256(secret)
      if (timingSafeEqual(hash, firstRunHash)) return { keyId: "first-run", actor: ownerActor }
      const key = await options.store.findByHash(hash.toString("hex"))
      const person = key ? options.actorOf(key.ownerId) : null
      if (!key || !person) return null
      if (options.now() - (touched.get(key.id) ?? 0) > touchEveryMs) {
        touched.set(key.id, options.now())
        await options.store.touch(key.id)
      }
      // Never more than the person may do, whatever the key was made with.
      const granted = scopes.filter(
        (scope) => scope !== "owner" && key.scopes.includes(scope) && hasScope(person, scope),
      )
      const caller = { keyId: key.id, actor: { ...person, scopes: granted } }
      if (!isOwnerPerson(person) && options.now() - (told.get(key.id) ?? Number.NEGATIVE_INFINITY) > tellEveryMs) {
        told.set(key.id, options.now())
        options.onUse?.(caller)
      }
      return caller
    },
    async create(actor, name, granted, personId = actor.personId) {
      if (!options.actorOf(personId)) {
        throw new AppError("person.not-found", "There is no such person.", { remedy: "Look at the list of people." })
      }
      const secret = newSecret()
      const key = await options.store.create(actor, {
        name,
        scopes: granted,
        prefix: secret.slice(0, 8),
        hash: sha256(secret).toString("hex"),
        personId,
      })
      return { key, secret }
    },
    list: (actor) => options.store.list(actor),
    async revoke(actor, id) {
      await options.store.delete(actor, id)
      touched.delete(id)
      for (const listener of listeners) listener(id)
    },
    onRevoke(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/**
 * The first-run key: `override` (ZENGLOW_API_KEY), else the content of `<dataDir>/api-key`, which is made with mode 0600 when missing.
 * Two processes that start together get the same key. Throws `config.invalid` when the file does not hold one.
 */
export async function readFirstRunKey(dataDir: string, override: string | null): Promise<string> {
  if (override) return override
  const path = join(dataDir, "api-key")
  const existing = await readKeyFile(path)
  if (existing) return existing
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await publishOnce(path, `${newSecret()}\n`)
  const made = await readKeyFile(path)
  if (!made) throw new AppError("config.invalid", "The key file could not be read back.")
  return made
}

/** Creates a file with its content already in it; leaves one that another process has made. */
async function publishOnce(path: string, text: string): Promise<void> {
  const draft = `${path}.${newId()}`
  const options = { mode: 0o600, flag: "wx", flush: true }
  await writeFile(draft, text, options)
  try {
    // A hard link never replaces: whoever links first has made the file.
    await link(draft, path)
  } catch (error) {
    if (codeOf(error) === "EEXIST") return
    // Some file systems have no hard links.
    await writeFile(path, text, options).catch((failure: unknown) => {
      if (codeOf(failure) !== "EEXIST") throw failure
    })
  } finally {
    await rm(draft, { force: true })
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined)

async function readKeyFile(path: string): Promise<string | null> {
  let text: string
  try {
    text = (await readFile(path, "utf8")).trim()
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null
    throw error
  }
  if (text.length < 16)
    throw new AppError("config.invalid", "The file `api-key` in the data directory holds no key.", {
      remedy: "Delete it: the next start makes a new one.",
    })
  await chmod(path, 0o600)
  return text
}

const newSecret = (): string => `zg_${randomBytes(32).toString("base64url")}`
const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest()
