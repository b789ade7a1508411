import { createHash } from "node:crypto"
import type { Keychain } from "./types.ts"

const service = "zenglow"

/**
 * The system's keychain through @napi-rs/keyring: macOS Keychain, Windows Credential Manager, Secret Service on Linux. Its other Linux
 * store, the kernel's key ring, forgets at the next start and is refused. Names are kept apart by data directory.
 */
export function createOsKeychain(dataDir: string): Keychain {
  const scope = createHash("sha256").update(dataDir).digest("hex").slice(0, 12)
  const entry = async (name: string) => {
    // Loaded when the first secret is asked for: an idle core does without.
    const { AsyncEntry } = await import("@napi-rs/keyring")
    return new AsyncEntry(service, `${scope}:${name}`, { linux: { store: "secret-service" } })
  }
  return {
    get: async (name) => (await entry(name)).getPassword(),
    set: async (name, value) => (await entry(name)).setPassword(value),
    remove: async (name) => {
      await (await entry(name)).deletePassword()
    },
  }
}
