import type { Backend } from "#contract/backends.ts"

/** A server by its name, with nothing allowed. */
export const backend = (name: string, changes: Partial<Backend> = {}): Backend => ({
  name,
  kind: "openai",
  baseUrl: `https://${name}.test`,
  model: "big",
  contextTokens: null,
  allowsPrivate: false,
  allowsDocuments: false,
  isEnabled: true,
  ...changes,
})
