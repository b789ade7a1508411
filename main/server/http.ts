import { rm } from "node:fs/promises"
import { createServer as createHttpServer, type Server, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import express, { type Express, type NextFunction, type Request, type Response } from "express"
import { routes } from "#contract/routes.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { requestContext } from "#core/logger.ts"
import { type AuditTrail, anonymous, createAuditTrail, isDenial } from "./auditTrail.ts"
import type { ServerDeps } from "./deps.ts"
import { mountDocs } from "./docs.ts"
import { errorBody, retryAfterSeconds, toAppError } from "./errors.ts"
import { createGuard, type Guard, isPageNavigation } from "./guard.ts"
import type { RequestInfo } from "./handlers.ts"
import { createKeyring } from "./keys.ts"
import { type ListenOptions, listenOn } from "./listenOn.ts"
import { createMetricsSocket } from "./metricsSocket.ts"
import { mountRoutes, type ParsedInput, splitKey } from "./mountRoutes.ts"
import { isOpenAiPath, mountOpenAi } from "./openai/mountOpenAi.ts"
import { openAiErrorBody, openAiStatus } from "./openai/openAiErrors.ts"
import { createRateLimit } from "./rateLimit.ts"
import { beginRequest, type RequestState, requestStateOf } from "./requestState.ts"
import { createHandlers } from "./routes/handlers.ts"
import { setSecurityHeaders } from "./securityHeaders.ts"
import { sendReply } from "./sendReply.ts"
import { type CarriedSessions, createSessions } from "./sessions.ts"
import { createSocketServer } from "./socket.ts"
import { mountStaticFiles } from "./staticFiles.ts"

/** The core's HTTP and ws server. */
export interface CoreServer {
  listen(options: ListenOptions): Promise<{ port: number; baseUrl: string }>
  /** Where clients of this machine reach it. Throws before `listen`. */
  readonly baseUrl: string
  /** A single-use ticket that a window trades for its session. */
  mintTicket(): string
  /** Open windows, for the core that takes this one's place. */
  carrySessions(): CarriedSessions
  /** Tells streams and sockets, lets short requests end, then cuts what is left. Idempotent. */
  close(): Promise<void>
}

/** Time that requests under way get when the server stops. */
const closingGraceMs = 2000

export function createServer(deps: ServerDeps): CoreServer {
  let bound: { port: number; baseUrl: string } | null = null
  let closing: Promise<void> | null = null
  const running = new Set<RequestState>()
  const { people } = deps
  const now = (): number => deps.clock.now()
  const trail = createAuditTrail(deps)
  const sessions = createSessions({
    now,
    actorOf: people.actorOf,
    startsAs: people.startsAs,
    ...(deps.carriedSessions ? { carried: deps.carriedSessions } : {}),
  })
  const keyring = createKeyring({
    firstRunKey: deps.firstRunKey,
    store: deps.keys,
    now,
    actorOf: people.actorOf,
    onUse: ({ actor, keyId }) => trail.keyUsed(actor, keyId),
  })
  const guard = createGuard({
    keyring,
    sessions,
    rateLimit: createRateLimit(deps.requestsPerTenSeconds ?? 5000, () => deps.clock.monotonic()),
    livenessLimit: createRateLimit(deps.livenessPerTenSeconds ?? 50_000, () => deps.clock.monotonic()),
    allowedHosts: deps.allowedHosts,
    allowedOrigins: deps.allowedOrigins,
    port: () => bound?.port ?? -1,
    boundHost: () => (bound ? new URL(bound.baseUrl).host : null),
  })
  const metricsSocket = createMetricsSocket(deps)
  const sockets = createSocketServer({ ...deps, guard, keyring, sessions, trail, metricsSocket })
  const app = createApp()
  const http = createHttpServer(
    { requireHostHeader: false, headersTimeout: 10_000, requestTimeout: 300_000, keepAliveTimeout: 15_000 },
    app,
  )
  http.maxHeadersCount = 100
  http.maxConnections = 1024
  http.on("upgrade", (request, socket, head) => void sockets.upgrade(request, socket, head))
  http.on("clientError", answerClientError)

  function createApp(): Express {
    const app = express()
    app.disable("x-powered-by")
    app.disable("etag")
    app.set("query parser", "simple")
    app.use((request, response, next) => begin(request, response, next, running, deps))
    app.use((request, response, next) => checkDoor(guard, request, response, next))
    const handlers = createHandlers({ ...deps, keyring, sessions, metricsSocket })
    mountRoutes(app, routes, {
      guard,
      temporaryDir: deps.temporaryDir,
      trail,
      call: (key, input, info) => {
        // The table's schemas have parsed exactly what this handler is typed for.
        const handler = handlers[key as keyof typeof handlers] as (
          input: ParsedInput,
          info: RequestInfo,
        ) => Promise<unknown>
        return handler(input, info)
      },
      send: (key, route, reply, response, info) => sendReply(key, route, reply, response, info, deps),
    })
    mountOpenAi(app, deps, guard, trail)
    mountDocs(app, deps.version)
    mountStaticFiles(app, deps.rendererDir, isApiPath)
    app.use(() => {
      throw new AppError("request.not-found", "There is nothing at this address.", { remedy: "See /docs." })
    })
    app.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
      answerError(error, request, response, { ...deps, trail }),
    )
    return app
  }

  return {
    async listen(options) {
      // What a core that was killed left behind.
      await rm(deps.temporaryDir, { recursive: true, force: true })
      bound = await listenOn(http, options)
      return bound
    },
    get baseUrl() {
      if (!bound) throw new AppError("core.unreachable", "The server does not listen yet.")
      return bound.baseUrl
    },
    mintTicket: () => sessions.mintTicket(),
    carrySessions: () => sessions.carry(),
    close() {
      closing ??= close(http, running, sockets.close)
      return closing
    },
  }
}

function begin(
  request: Request,
  response: Response,
  next: NextFunction,
  running: Set<RequestState>,
  { log, clock, onRequest }: Pick<ServerDeps, "log" | "clock" | "onRequest">,
): void {
  const state = beginRequest(request)
  const { requestId } = state
  const start = clock.monotonic()
  // Without the query: it may hold what a person searched for.
  const { method, path } = request
  running.add(state)
  response.on("close", () => {
    running.delete(state)
    const isWhole = response.writableFinished
    if (!isWhole) state.abort(new DOMException("The client is gone.", "AbortError"))
    const durationMs = clock.monotonic() - start
    onRequest?.({ route: state.route, status: response.statusCode, durationMs })
    requestContext.run({ requestId }, () =>
      log.debug("request ended", { method, path, status: response.statusCode, isWhole, ms: durationMs }),
    )
  })
  response.setHeader("x-request-id", requestId)
  setSecurityHeaders(response)
  requestContext.run({ requestId }, next)
}

function checkDoor(guard: Guard, request: Request, response: Response, next: NextFunction): void {
  const isPage = request.path === "/docs" || !isApiPath(request.path)
  guard.checkDoor(request, isPage && isPageNavigation(request))
  response.vary("origin")
  const { origin } = request.headers
  if (origin && guard.isForeignOriginAllowed(origin)) {
    response.setHeader("access-control-allow-origin", origin)
    response.setHeader("access-control-expose-headers", "x-request-id, retry-after")
    response.setHeader("cross-origin-resource-policy", "cross-origin")
    if (request.method === "OPTIONS" && request.headers["access-control-request-method"]) {
      response.setHeader("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
      response.setHeader(
        "access-control-allow-headers",
        String(request.headers["access-control-request-headers"] ?? "authorization, content-type"),
      )
      response.status(204).end()
      return
    }
  }
  next()
}

/** First segments of the paths that answer programs; the rest belongs to the window. */
const apiSegments = new Set([
  ...Object.keys(routes).map((key) => splitKey(key).path.split("/")[1] ?? ""),
  "v1",
  "ws",
  "docs",
  "openapi.json",
  "llms.txt",
])
const isApiPath = (path: string): boolean => apiSegments.has(path.split("/")[1]?.toLowerCase() ?? "")

function answerError(
  error: unknown,
  request: Request,
  response: Response,
  deps: ServerDeps & { trail: AuditTrail },
): void {
  const { requestId, signal, actor, route } = requestStateOf(request)
  if (signal.aborted && !(signal.reason instanceof AppError)) {
    response.destroy()
    return
  }
  const appError = toAppError(signal.aborted ? signal.reason : error)
  if (isDenial(appError))
    void deps.trail.denied(actor ?? anonymous, route === "other" ? request.method : route, requestId, appError)
  if (appError.code === "internal")
    deps.log.error("request failed", { method: request.method, path: request.path, error: appError.cause ?? appError })
  else if (appError.status >= 500)
    deps.log.warn("request failed", {
      method: request.method,
      path: request.path,
      code: appError.code,
      error: appError,
    })
  else deps.log.debug("request refused", { method: request.method, path: request.path, code: appError.code })
  if (response.headersSent) {
    response.destroy()
    return
  }
  setSecurityHeaders(response)
  const retryAfter = retryAfterSeconds(appError)
  if (retryAfter !== null) response.setHeader("retry-after", String(retryAfter))
  if (appError.status === 401) response.setHeader("www-authenticate", "Bearer")
  // What is left of a body that was refused unread would be taken for the next request.
  if (!request.readableEnded && appError.status === 413) response.setHeader("connection", "close")
  if (isOpenAiPath(request.path)) response.status(openAiStatus(appError)).json(openAiErrorBody(appError))
  else response.status(appError.status).json(errorBody(appError, requestId))
}

/** What cannot even be parsed as HTTP gets the same kind of answer. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy()
    return
  }
  const requestId = newId()
  const isLarge = error.code === "HPE_HEADER_OVERFLOW"
  const status = isLarge ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
  const appError = isLarge
    ? new AppError("request.too-large", "The headers are too large.")
    : new AppError("request.malformed", "This is not a valid HTTP request.")
  const body = JSON.stringify(errorBody(appError, requestId))
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  )
}

async function close(http: Server, running: Set<RequestState>, closeSockets: () => Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()))
  await closeSockets()
  const reason = new AppError("core.stopping", "ZenGlow is stopping.", { remedy: "Connect again in a moment." })
  for (const state of running) state.abort(reason)
  // A connection turns idle when its answer ends; only then may it be cut.
  const idle = setInterval(() => http.closeIdleConnections(), 10)
  const cut = setTimeout(() => http.closeAllConnections(), closingGraceMs)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
}
