import type { LookupAddress } from "node:dns"
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import type { Backend } from "#contract/backends.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { isThisMachine } from "#core/egress/thisMachine.ts"
import { AppError } from "#core/errors.ts"
import { isPrivateAddress } from "#core/privateAddresses.ts"
import { createConnection } from "#engines/remote/connection.ts"
import { createEdgeFunction } from "#engines/remote/edgeFunction.ts"
import { createOllamaServer } from "#engines/remote/ollamaServer.ts"
import { createOpenAiServer } from "#engines/remote/openAiServer.ts"
import { createRemoteLlm, type RemoteProtocol } from "#engines/remote/remoteLlm.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import type { Connected } from "#routing/backends.ts"

export interface BackendConnectionDeps {
  egress: Pick<Egress, "fetch" | "isOffline">
  secrets: Pick<Secrets, "get">
}

/** Name of the secret that holds a server's key. */
export const backendKey = (name: string): string => `backend:${name}`

/** A server behind its protocol: every request goes through the way out, and only where the person allowed. */
export function connectBackend(backend: Backend, { egress, secrets }: BackendConnectionDeps): Connected {
  const { name, kind, baseUrl, model, contextTokens, allowsPrivate } = backend
  const connection = createConnection({
    name,
    baseUrl,
    guard: createBackendGuard({
      baseUrl,
      allowsPrivate,
      isOffline: egress.isOffline,
      lookup: (host) => lookup(host, { all: true }),
    }),
    fetch: egress.fetch("model-server", { allowsPrivate: () => allowsPrivate }),
    apiKey: async () => (await secrets.get(backendKey(name)))?.value ?? null,
  })
  const protocols: Record<Backend["kind"], () => RemoteProtocol> = {
    openai: () => createOpenAiServer(connection, baseUrl),
    ollama: () => createOllamaServer(connection),
    edge: () => createEdgeFunction(connection, baseUrl, model),
  }
  const protocol = protocols[kind]()
  return {
    models: (signal) => protocol.models(signal),
    llm: (id) => createRemoteLlm({ id: `${name}/${id}`, model: id, protocol, contextTokens }),
  }
}

/**
 * Lets through requests to the one origin that the person named: this machine; a private network where they allowed it; else public
 * addresses by https alone. Addresses of the link (cloud metadata among them) are never a server of models. The sockets check again what
 * the name leads to. Throws `backend.refused`, `download.offline`.
 */
export function createBackendGuard(deps: {
  baseUrl: string
  allowsPrivate: boolean
  isOffline: () => boolean
  lookup: (host: string) => Promise<LookupAddress[]>
}): (url: URL) => Promise<void> {
  const { origin } = new URL(deps.baseUrl)
  return async (url) => {
    if (url.origin !== origin) throw refused("it is not the server that was named")
    if (url.username || url.password) throw refused("it carries a password")
    const host = url.hostname.replace(/^\[|\]$/g, "")
    if (isThisMachine(host)) return
    if (deps.isOffline())
      throw new AppError("download.offline", "ZenGlow is set to stay offline, and this model is on another computer.", {
        remedy: "Allow connections in Settings, Privacy, or choose a model of this computer.",
      })
    const addresses = (isIP(host) ? [{ address: host }] : await deps.lookup(host).catch(() => [])).map(
      ({ address }) => address,
    )
    if (addresses.length === 0) throw refused("its host is not known")
    if (addresses.some((address) => /^(?:169\.254\.|0\.|fe80:)/i.test(address)))
      throw refused("it leads to an address that no server of models has")
    const isPrivate = addresses.some(isPrivateAddress)
    if (isPrivate && !deps.allowsPrivate) throw refused("it leads to a private address, which was not allowed")
    if (!isPrivate && url.protocol !== "https:") throw refused("it is not https")
  }
}

const refused = (reason: string): AppError =>
  new AppError("backend.refused", `The address of the server was refused: ${reason}.`, {
    remedy:
      "Correct it in Models, Other servers. A server of your own network must be allowed there; others must speak https.",
  })
