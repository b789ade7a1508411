/** Where a secret's value comes from, strongest first. `file`: a private file, not encrypted. */
export type SecretSource = "env" | "keychain" | "vault" | "file"

export interface Secret {
  value: string
  source: SecretSource
}

/** The keychain of the operating system. Every call may fail: it may be locked, or there may be none. */
export interface Keychain {
  get(name: string): Promise<string | null>
  set(name: string, value: string): Promise<void>
  remove(name: string): Promise<void>
}

/** Secrets by name: environment → keychain → vault → private file. Values are never listed, logged or put into errors. */
export interface Secrets {
  /** Null: nobody has set it. Throws `secrets.locked` when it lies in a vault whose passphrase is not at hand. */
  get(name: string): Promise<Secret | null>
  /** Keeps a value in the best place there is, and says where. Throws `secrets.from-environment` when the environment decides. */
  set(name: string, value: string): Promise<SecretSource>
  remove(name: string): Promise<void>
  list(): Promise<{ name: string; source: SecretSource }[]>
  /** 32 random bytes that encrypt data at rest, made at the first call. */
  dataKey(name: string): Promise<Buffer>
  /** Where a new secret would go. */
  place(): Promise<Exclude<SecretSource, "env">>
}
