import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { silentLogger } from "#core/logger.ts"
import { createSecrets, type SecretsOptions } from "#ops/secrets/createSecrets.ts"
import { supabaseKey } from "#ops/secrets/supabaseKey.ts"
import type { Keychain } from "#ops/secrets/types.ts"

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "zenglow-secrets-"))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const open = (options: Partial<SecretsOptions> = {}) =>
  createSecrets({ dataDir, environment: {}, keychain: null, passphrase: null, log: silentLogger, ...options })
const onDisk = () => readFile(join(dataDir, "secrets.json"), "utf8")

function memoryKeychain(): Keychain & { values: Map<string, string> } {
  const values = new Map<string, string>()
  return {
    values,
    get: async (name) => values.get(name) ?? null,
    set: async (name, value) => void values.set(name, value),
    remove: async (name) => void values.delete(name),
  }
}

describe("secrets", () => {
  it("prefers the environment, and does not let it be overwritten", async () => {
    const secrets = await open({ environment: { ZENGLOW_SECRET_OPENAI_WORK: "from-env" } })
    expect(await secrets.get("openai:work")).toEqual({ value: "from-env", source: "env" })
    await expect(secrets.set("openai:work", "other")).rejects.toMatchObject({ code: "request.conflict" })
  })

  it("keeps a value in the keychain and nothing of it on disk", async () => {
    const keychain = memoryKeychain()
    const secrets = await open({ keychain })
    expect(await secrets.set("openai:work", "canary-1")).toBe("keychain")
    expect(await onDisk()).not.toContain("canary-1")
    expect([...keychain.values.keys()]).toEqual(["openai:work"])
    expect(await (await open({ keychain })).get("openai:work")).toEqual({ value: "canary-1", source: "keychain" })
    await secrets.remove("openai:work")
    expect(keychain.values.size).toBe(0)
    expect(await (await open({ keychain })).get("openai:work")).toBeNull()
  })

  it("falls back when the keychain does not keep what it is given", async () => {
    const forgetful: Keychain = { get: async () => null, set: async () => undefined, remove: async () => undefined }
    expect(await (await open({ keychain: forgetful })).place()).toBe("file")
  })

  it("says that a keychain secret is locked instead of answering that there is none", async () => {
    await (await open({ keychain: memoryKeychain() })).set("a", "value")
    await expect((await open()).get("a")).rejects.toMatchObject({ code: "secrets.locked" })
  })

  it("seals values in the vault; another passphrase, no passphrase and changed bytes open nothing", async () => {
    const secrets = await open({ passphrase: "correct horse" })
    expect(await secrets.set("a", "canary-2")).toBe("vault")
    await secrets.set("b", "canary-3")
    expect(await onDisk()).not.toContain("canary")
    expect(await (await open({ passphrase: "correct horse" })).get("a")).toEqual({ value: "canary-2", source: "vault" })
    await expect(open({ passphrase: "wrong" })).rejects.toMatchObject({ code: "secrets.locked" })
    await expect((await open()).get("a")).rejects.toMatchObject({ code: "secrets.locked" })

    const file = JSON.parse(await onDisk()) as { entries: Record<string, unknown> }
    // Entries cannot change places.
    file.entries.a = file.entries.b
    await writeFile(join(dataDir, "secrets.json"), JSON.stringify(file))
    await expect((await open({ passphrase: "correct horse" })).get("a")).rejects.toMatchObject({
      code: "secrets.damaged",
    })
  })

  it("moves what lay in the private file into the vault as soon as there is one", async () => {
    await (await open()).set("a", "canary-4")
    expect(await onDisk()).toContain("canary-4")
    const secrets = await open({ passphrase: "p" })
    expect(await onDisk()).not.toContain("canary-4")
    expect(await secrets.get("a")).toEqual({ value: "canary-4", source: "vault" })
  })

  it.skipIf(process.platform === "win32")("keeps its file private under any umask", async () => {
    const before = process.umask(0)
    try {
      await (await open()).set("a", "value")
    } finally {
      process.umask(before)
    }
    expect((await stat(join(dataDir, "secrets.json"))).mode & 0o777).toBe(0o600)
  })

  it("makes a data key once, also when it is asked for twice at the same time", async () => {
    const secrets = await open()
    const [one, two] = await Promise.all([secrets.dataKey("voices"), secrets.dataKey("voices")])
    expect(one).toHaveLength(32)
    expect(two).toEqual(one)
    expect(await (await open()).dataKey("voices")).toEqual(one)
    expect(await secrets.dataKey("other")).not.toEqual(one)
  })

  it("refuses a damaged file without quoting it", async () => {
    await writeFile(join(dataDir, "secrets.json"), '{"entries": {"a": "canary-5"')
    const failure = await open().catch((error: Error) => error)
    expect(failure).toMatchObject({ code: "secrets.damaged" })
    expect(String(failure) + String((failure as Error).cause)).not.toContain("canary-5")
  })

  it("tells the log what to hide", async () => {
    const values: string[] = []
    const secrets = await open({ onValue: (value) => values.push(value) })
    await secrets.set("a", "canary-6")
    await (await open({ onValue: (value) => values.push(value) })).get("a")
    expect(values).toEqual(["canary-6", "canary-6"])
  })

  it("finds a Supabase key under its old names with its source, and no placeholder", async () => {
    const secrets = await open()
    expect(await supabaseKey({ SUPABASE_KEY: "replace_with_key" }, secrets)).toBeNull()
    expect(await supabaseKey({ SUPABASE_KEY: "k1", SUPABASE_INDEXER_SERVICE_KEY: "replace_with_x" }, secrets)).toEqual({
      value: "k1",
      source: "env",
    })
    await secrets.set("supabase", "k2")
    expect(await supabaseKey({}, secrets)).toEqual({ value: "k2", source: "file" })
  })
})
