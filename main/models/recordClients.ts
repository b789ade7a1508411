import type { Egress } from "#core/egress/createEgress.ts"
import type { RegistryClient, RegistryClients, RegistryKind } from "./registryClients.ts"

/** What each package client is called; which index it asks is its own configuration. */
const names: Record<RegistryKind, string> = { pypi: "pypi (pip)", npm: "npm", maven: "maven (mvn)" }

/** The same clients, each download written down before the client starts. Offline none starts: `download.offline`. */
export function recordClients(clients: RegistryClients, egress: Pick<Egress, "open">): RegistryClients {
  const record = (kind: RegistryKind): RegistryClient => ({
    ...clients[kind],
    async fetch(archive, directory, onBytes, signal) {
      const connection = egress.open({ reason: "model-download", host: names[kind], port: null })
      let counted = 0
      try {
        const path = await clients[kind].fetch(
          archive,
          directory,
          (arrived) => {
            connection.count(0, Math.max(0, arrived - counted))
            counted = Math.max(counted, arrived)
            onBytes(arrived)
          },
          signal,
        )
        connection.end("done")
        return path
      } catch (error) {
        connection.end("failed")
        throw error
      }
    },
  })
  return { pypi: record("pypi"), npm: record("npm"), maven: record("maven") }
}
