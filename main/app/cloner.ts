import type { LookupAddress } from "node:dns"
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { writeWav } from "#audio/wavFile.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { AppError } from "#core/errors.ts"
import { isPrivateAddress } from "#core/privateAddresses.ts"
import { createXttsServer } from "#engines/remote/xttsServer.ts"
import type { VoiceCloner } from "#engines/types.ts"
import { createUrlGuard, type UrlGuard } from "#models/urlGuard.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import type { EngineRack } from "./engines.ts"
import type { Settings } from "./settings.ts"

export interface ClonerDeps {
  engines: Pick<EngineRack, "cloner">
  settings: Pick<Settings, "values">
  codecs: Pick<AudioCodecs, "decodeAudio">
  secrets: Pick<Secrets, "get">
  egress: Pick<Egress, "isOffline" | "fetch">
}

/** Name of the secret that holds the server's key, where it wants one. */
const keyName = "cloning-server"

/** What speaks in cloned voices: the server named in the settings, else an imported model. Null: neither. */
export function createClonerChoice({ engines, settings, codecs, secrets, egress }: ClonerDeps) {
  let server: { address: string; cloner: VoiceCloner } | null = null
  return async (): Promise<VoiceCloner | null> => {
    const { cloningServer: baseUrl, cloningProtocol: protocol } = settings.values()
    if (baseUrl === null) return await engines.cloner()
    const address = `${protocol} ${baseUrl}`
    if (server?.address !== address) {
      let isAtHome = false
      const cloner = createXttsServer({
        baseUrl,
        protocol,
        guard: createServerGuard({
          baseUrl,
          isOffline: egress.isOffline,
          lookup: (host) => lookup(host, { all: true }),
          onChecked: (found) => {
            isAtHome = found
          },
        }),
        fetch: egress.fetch("voice-server", { allowsPrivate: () => isAtHome }),
        decode: async (bytes, signal) => await codecs.decodeAudio(bytes, {}, signal),
        encode: ({ samples, sampleRate }) => writeWav(samples, sampleRate),
        apiKey: async () => (await secrets.get(keyName))?.value ?? null,
      })
      server = { address, cloner }
    }
    return server.cloner
  }
}

/**
 * Lets through requests to the one origin that the person named. At home that may be plain http; a public server hears voices and what
 * they say, so it must be https. Offline only this machine itself is spoken to. Throws `cloning.server` or `download.offline`.
 */
export function createServerGuard(deps: {
  baseUrl: string
  isOffline: () => boolean
  lookup: (host: string) => Promise<LookupAddress[]>
  /** Hears whether the server lies in this home: only then may its name go on leading to a private address. */
  onChecked?: (isAtHome: boolean) => void
}): UrlGuard {
  const { origin } = new URL(deps.baseUrl)
  return async (url) => {
    if (url.origin !== origin) throw refused("it is not the server that was named")
    if (url.username || url.password) throw refused("it carries a password")
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const addresses = (isIP(host) ? [{ address: host }] : await deps.lookup(host).catch(() => [])).map(
      ({ address }) => address,
    )
    if (addresses.length === 0) throw refused("its host is not known")
    if (deps.isOffline() && !addresses.every(isThisMachine))
      throw new AppError(
        "download.offline",
        "ZenGlow is set to stay offline, and the XTTS server is another machine.",
        {
          remedy: "Allow connections in Settings, or choose another voice.",
        },
      )
    const isAtHome = addresses.every(isPrivateAddress)
    deps.onChecked?.(isAtHome)
    try {
      await createUrlGuard({ lookup: deps.lookup, trustedOrigins: isAtHome ? [origin] : [] })(url)
    } catch (cause) {
      throw refused(url.protocol === "https:" ? "it leads to a private address" : "it is not https", cause)
    }
  }
}

const isThisMachine = (address: string): boolean => address === "::1" || /^127\./.test(address)

const refused = (reason: string, cause?: unknown): AppError =>
  new AppError("cloning.server", `The address of the XTTS server was refused: ${reason}.`, {
    remedy: "Correct it in Settings, Voices. Servers outside your home must speak https.",
    ...(cause === undefined ? {} : { cause }),
  })
