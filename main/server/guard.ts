import type { IncomingMessage } from "node:http"
import type { opsRoutes } from "#contract/ops.ts"
import type { Scope } from "#contract/route.ts"
import { type Actor, hasScope, ownerId } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { isAdmitted } from "#core/routeRules.ts"
import type { Caller, Keyring } from "./keys.ts"
import type { RateLimit } from "./rateLimit.ts"
import type { Sessions } from "./sessions.ts"

/** The door, for requests and ws upgrades alike: Host → Origin → bearer → scope → role → rate. Every refusal is an AppError. */
export interface Guard {
  /** Host and Origin. `isNavigation`: a page opened by a link may come from elsewhere, since it carries no credential. */
  checkDoor(request: IncomingMessage, isNavigation: boolean): void
  /**
   * Bearer, scope, role and rate. Public routes get an actor without scopes. `bearer`: the one a socket brought as its subprotocol.
   * `known` hears who it is before the scope is checked.
   */
  identify(
    request: IncomingMessage,
    scope: Scope | "public",
    options: {
      /** Key of the route, as in `core/routeRules.ts`. */
      route: string
      bearer?: string
      known?: (caller: Caller) => void
    },
  ): Promise<Caller>
  /** Origins, besides our own, whose pages may read answers. */
  isForeignOriginAllowed(origin: string): boolean
}

export interface GuardOptions {
  keyring: Keyring
  sessions: Sessions
  rateLimit: RateLimit
  /** Of `/health` alone: it reads nothing, so asking it often may not lock out who asks for something. */
  livenessLimit: RateLimit
  allowedHosts: readonly string[]
  allowedOrigins: readonly string[]
  /** The bound port. */
  port: () => number
  /** Host and port of the bound address. A name that was bound on purpose may be asked for. */
  boundHost: () => string | null
}

const loopbackNames = ["127.0.0.1", "localhost", "[::1]"]
const livenessRoute = "GET /health" satisfies keyof typeof opsRoutes
const nobody: Actor = { personId: ownerId, scopes: [] }

export function createGuard(options: GuardOptions): Guard {
  const ownHosts = (): string[] =>
    [...loopbackNames, ...options.allowedHosts, options.boundHost() ?? "localhost"].flatMap((name) =>
      hasPort(name) ? [name] : options.port() === 80 ? [name, `${name}:80`] : [`${name}:${options.port()}`],
    )
  const foreign = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()))

  const checkHost = (request: IncomingMessage): void => {
    const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host")
    const host = request.headers.host?.toLowerCase()
    if (hosts.length !== 1 || host === undefined || !ownHosts().includes(host))
      throw new AppError("auth.bad-host", "This host name is not one this core answers to.", {
        remedy: "Use 127.0.0.1 or localhost with the right port, or add the name to allowedHosts in config.json.",
      })
    if (!request.url?.startsWith("/"))
      throw new AppError("request.malformed", "The request target must be a path.", { remedy: "Send a path." })
  }

  const checkOrigin = (request: IncomingMessage, isNavigation: boolean): void => {
    const origin = request.headers.origin?.toLowerCase()
    const site = request.headers["sec-fetch-site"]
    const isOurs =
      origin !== undefined && (ownHosts().some((host) => origin === `http://${host}`) || foreign.has(origin))
    const isForeign = origin === undefined ? (site === "cross-site" || site === "same-site") && !isNavigation : !isOurs
    if (isForeign)
      throw new AppError("auth.bad-origin", "Pages of this origin may not call this core.", {
        remedy: "Add the origin to allowedOrigins in config.json if you trust it.",
      })
  }

  return {
    checkDoor(request, isNavigation) {
      checkHost(request)
      checkOrigin(request, isNavigation)
    },
    async identify(request, scope, { route, bearer, known }) {
      if (scope === "public") {
        if (route === livenessRoute) options.livenessLimit.take("public")
        else options.rateLimit.take("public")
        return { keyId: "public", actor: nobody }
      }
      const secret = bearer ?? credential(request)
      if (!secret)
        throw new AppError("auth.missing-key", "This route needs a key.", {
          remedy: "Send `Authorization: Bearer <key>`. The first key lies in `api-key` in the data directory.",
        })
      const caller = options.sessions.find(secret) ?? (await options.keyring.find(secret))
      if (!caller)
        throw new AppError("auth.bad-key", "This key is not valid.", {
          remedy: "Use the key in `api-key` in the data directory, or make one with `zenglow keys`.",
        })
      known?.(caller)
      if (!hasScope(caller.actor, scope))
        throw new AppError("auth.missing-scope", `This key lacks the scope \`${scope}\`.`, {
          remedy: "Use a key that has it.",
        })
      if (!isAdmitted(caller.actor, route))
        throw new AppError("access.denied", "This is not for everybody who lives here.", {
          remedy: "Ask the owner of this machine.",
        })
      options.rateLimit.take(caller.keyId)
      return caller
    },
    isForeignOriginAllowed: (origin) => foreign.has(origin.toLowerCase()),
  }
}

/** `Authorization: Bearer …`, or `X-API-Key`. Never the query string, never a cookie. */
function credential(request: IncomingMessage): string | null {
  const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "")?.[1]
  if (bearer) return bearer
  const key = request.headers["x-api-key"]
  return typeof key === "string" && key !== "" ? key : null
}

/** A link that opens a page: only then may another site have caused the request. */
export const isPageNavigation = (request: IncomingMessage): boolean =>
  request.method === "GET" &&
  request.headers["sec-fetch-mode"] === "navigate" &&
  request.headers["sec-fetch-dest"] === "document"

const hasPort = (name: string): boolean => /:\d+$/.test(name) && !name.endsWith("]")
