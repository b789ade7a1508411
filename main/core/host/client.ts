import { type Clock, systemClock } from "../clock.ts"
import { AppError } from "../errors.ts"
import { createHub } from "../hub.ts"
import { type CallContext, type Logger, requestContext } from "../logger.ts"
import { type BreakerOptions, createBreaker } from "./breaker.ts"
import type { FromHost, HostRun } from "./protocol.ts"
import type {
  EngineClient,
  HostAdapter,
  HostCall,
  HostContract,
  HostProcess,
  HostStatus,
  RequestOptions,
} from "./types.ts"

export interface HostClientOptions {
  /** Short name for logs, status and messages: "llm", "onnx". */
  name: string
  adapter: HostAdapter
  log: Logger
  clock?: Clock
  /** A host that runs something and says nothing (no event, no answer) for this long is ended. Default 120,000 ms. */
  stallMs?: number
  /** Requests that may wait; further ones are refused with `engine.busy`. Default 64. */
  maxQueued?: number
  /** Requests sent to the host at once. Default 1. */
  concurrency?: number
  /** How long a cancelled request may go on before the host is ended. Default 5,000 ms. */
  graceMs?: number
  breaker?: BreakerOptions
  /** Hears of every request that a turn made, once its caller has the answer. */
  onCall?: (call: HostCall) => void
}

interface Pending {
  id: number
  method: string
  input: unknown
  context: CallContext | undefined
  sent: { at: number; pid: number | null } | null
  ran: HostRun | null
  onEvent: ((event: unknown) => void) | undefined
  resolve: (output: unknown) => void
  reject: (error: unknown) => void
  /** Ends the caller's wait; the slot stays taken until the host answers. */
  isSettled: boolean
  graceTimer?: NodeJS.Timeout
  removeAbort: () => void
}

interface Running {
  process: HostProcess
  isReady: boolean
  requests: Map<number, Pending>
  /** Set when we end the child on purpose: why, and whether that counts as a crash. */
  ending?: { code: "engine.stalled" | "engine.crashed" | "engine.stopped"; reason: string; isCrash: boolean }
  stallTimer?: NodeJS.Timeout
  exited: Promise<void>
  resolveExited: () => void
}

/** Supervises one host. Requests go out in the order they came; see `EngineClient` for what it promises. */
export function createHostClient<C extends HostContract>(options: HostClientOptions): EngineClient<C> {
  const { name, adapter, clock = systemClock } = options
  const { stallMs = 120_000, maxQueued = 64, concurrency = 1, graceMs = 5000 } = options
  const log = options.log.child({ host: name })
  const breaker = createBreaker(clock, options.breaker)
  const statusHub = createHub<HostStatus>((error) => log.error("a host status listener failed", { error }))
  const waiting: Pending[] = []
  let host: Running | undefined
  let respawnTimer: NodeJS.Timeout | undefined
  let lastFailure: string | null = null
  let crashes = 0
  let nextId = 1

  const status = (): HostStatus => ({
    name,
    state: host ? (host.isReady ? "running" : "starting") : breaker.isOpen() ? "broken" : "stopped",
    pid: host?.process.pid ?? null,
    lastFailure,
    crashes,
    queued: waiting.length + (host?.requests.size ?? 0),
  })

  const settle = (pending: Pending, act: () => void): void => {
    pending.removeAbort()
    if (pending.isSettled) return
    pending.isSettled = true
    act()
  }

  /** Every sign of life of the host restarts its watchdog; without running requests there is nothing to watch. */
  const watch = (running: Running): void => {
    clearTimeout(running.stallTimer)
    if (running.isReady && running.requests.size === 0) return
    running.stallTimer = setTimeout(() => {
      end(running, {
        code: "engine.stalled",
        reason: `no progress for ${Math.round(stallMs / 1000)} s`,
        isCrash: true,
      })
    }, stallMs)
  }

  const end = (running: Running, ending: NonNullable<Running["ending"]>): void => {
    if (running.ending) return
    running.ending = ending
    log.warn("ending an engine host", { reason: ending.reason })
    running.process.kill()
  }

  const receive = (running: Running, message: FromHost): void => {
    if (host !== running) return
    switch (message.type) {
      case "ready":
        running.isReady = true
        log.info("engine host started", { hostPid: running.process.pid })
        statusHub.publish(status())
        watch(running)
        pump()
        return
      case "log":
        log[message.level](message.message, message.fields)
        return
      case "event": {
        watch(running)
        const pending = running.requests.get(message.id)
        if (!pending || pending.isSettled) return
        try {
          pending.onEvent?.(message.event)
        } catch (error) {
          log.error("a listener of engine events failed", { method: pending.method, error })
        }
        return
      }
      case "result":
      case "error": {
        const pending = running.requests.get(message.id)
        if (!pending) return
        running.requests.delete(message.id)
        pending.ran = message.ran ?? null
        clearTimeout(pending.graceTimer)
        breaker.succeeded()
        if (message.type === "result") settle(pending, () => pending.resolve(message.output))
        else {
          const { code, message: text, remedy, details } = message.error
          settle(pending, () => pending.reject(new AppError(code, text, { ...(remedy ? { remedy } : {}), details })))
        }
        watch(running)
        pump()
      }
    }
  }

  const onExit = (running: Running, reason: string): void => {
    clearTimeout(running.stallTimer)
    host = undefined
    const { ending } = running
    const isCrash = ending?.isCrash ?? true
    const why = ending?.reason ?? reason
    if (isCrash) {
      crashes++
      lastFailure = why
      breaker.crashed()
      log.error("engine host ended unexpectedly", { reason: why, detail: reason, crashes })
    } else log.info("engine host stopped", { reason: why })
    const failure = hostFailure(name, ending?.code ?? "engine.crashed", why)
    for (const pending of running.requests.values()) {
      clearTimeout(pending.graceTimer)
      settle(pending, () => pending.reject(failure))
    }
    if (breaker.isOpen()) rejectWaiting(broken())
    running.resolveExited()
    statusHub.publish(status())
    pump()
  }

  /** A child that cannot even be started is one that ended at once. */
  const spawn = (handlers: {
    onMessage: (message: FromHost) => void
    onExit: (reason: string) => void
  }): HostProcess => {
    try {
      // Outside of the request that happens to start it: what the child says later is not about that one.
      return requestContext.run({}, () =>
        adapter.spawn({
          name,
          onMessage: (message) => handlers.onMessage(message as FromHost),
          onExit: handlers.onExit,
        }),
      )
    } catch (error) {
      queueMicrotask(() => handlers.onExit(error instanceof Error ? error.message : String(error)))
      return { pid: null, send() {}, kill() {} }
    }
  }

  const start = (): void => {
    let resolveExited = (): void => {}
    const exited = new Promise<void>((resolve) => {
      resolveExited = resolve
    })
    const running: Running = {
      // The adapter answers later, never inside spawn: `running` is complete when the first message arrives.
      process: spawn({
        onMessage: (message) => receive(running, message),
        onExit: (reason) => onExit(running, reason),
      }),
      isReady: false,
      requests: new Map(),
      exited,
      resolveExited,
    }
    host = running
    statusHub.publish(status())
    watch(running)
  }

  /** Starts the host when something waits, and sends as much as may run. */
  const pump = (): void => {
    if (waiting.length === 0) return
    if (!host) {
      respawnTimer ??= setTimeout(() => {
        respawnTimer = undefined
        if (!host && waiting.length > 0) start()
      }, breaker.backoffMs())
      return
    }
    while (host.isReady && !host.ending && host.requests.size < concurrency) {
      const next = waiting.shift()
      if (!next) return
      host.requests.set(next.id, next)
      const { id, method, input, context } = next
      next.sent = { at: clock.now(), pid: host.process.pid }
      host.process.send({ type: "request", id, method, input, ...(context ? { context } : {}) })
      watch(host)
    }
  }

  const cancel = (pending: Pending, reason: unknown): void => {
    settle(pending, () => pending.reject(reason))
    const index = waiting.indexOf(pending)
    if (index >= 0) {
      waiting.splice(index, 1)
      return
    }
    const running = host
    if (!running?.requests.has(pending.id)) return
    running.process.send({ type: "cancel", id: pending.id })
    pending.graceTimer = setTimeout(() => {
      end(running, { code: "engine.crashed", reason: "a cancelled request did not end", isCrash: false })
    }, graceMs)
  }

  /** Tells `onCall` of the request's end on the way to its caller. */
  const observed = (
    pending: () => Pending,
    resolve: Pending["resolve"],
    reject: Pending["reject"],
    signal: AbortSignal,
  ): Pick<Pending, "resolve" | "reject"> => {
    const { onCall } = options
    const turnId = requestContext.getStore()?.turnId
    if (!onCall || turnId === undefined) return { resolve, reject }
    const askedAt = clock.now()
    const start = clock.monotonic()
    const over = (outcome: string): void => {
      const { method, sent, ran } = pending()
      const endedAt = askedAt + clock.monotonic() - start
      onCall({
        turnId,
        host: name,
        pid: sent?.pid ?? null,
        method,
        askedAt,
        endedAt,
        sentAt: sent?.at ?? null,
        ran,
        outcome,
      })
    }
    return {
      resolve(output) {
        over("ok")
        resolve(output)
      },
      reject(error) {
        over(signal.aborted ? "aborted" : error instanceof AppError ? error.code : "internal")
        reject(error)
      },
    }
  }

  const rejectWaiting = (error: AppError): void => {
    for (const pending of waiting.splice(0)) settle(pending, () => pending.reject(error))
  }

  const broken = (): AppError =>
    new AppError(
      "engine.stopped",
      `The ${name} engine crashed repeatedly and is paused for ${Math.ceil(breaker.remainingMs() / 1000)} s. Last reason: ${lastFailure ?? "unknown"}.`,
      {
        remedy:
          "Try again after the pause. If it repeats, choose a smaller model or turn the GPU off, and run `zenglow doctor`.",
      },
    )

  return {
    request<M extends keyof C & string>(
      method: M,
      input: C[M]["input"],
      { signal, onEvent }: RequestOptions<C[M]["event"]>,
    ): Promise<C[M]["output"]> {
      return new Promise<unknown>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (!host && breaker.isOpen()) return reject(broken())
        if (waiting.length >= maxQueued) return reject(busy(name, maxQueued))
        const onAbort = (): void => cancel(pending, signal.reason)
        const pending: Pending = {
          id: nextId++,
          method,
          input,
          context: requestContext.getStore(),
          sent: null,
          ran: null,
          onEvent,
          ...observed(() => pending, resolve, reject, signal),
          isSettled: false,
          removeAbort: () => signal.removeEventListener("abort", onAbort),
        }
        signal.addEventListener("abort", onAbort, { once: true })
        waiting.push(pending)
        // The first start waits for nothing; a restart keeps its backoff.
        if (!host && !respawnTimer && breaker.backoffMs() === 0) start()
        pump()
      }) as Promise<C[M]["output"]>
    },
    status,
    onStatus: (listener) => statusHub.subscribe(listener),
    async stop() {
      clearTimeout(respawnTimer)
      respawnTimer = undefined
      rejectWaiting(hostFailure(name, "engine.stopped", "it was asked to stop"))
      const running = host
      if (!running) return
      running.ending ??= { code: "engine.stopped", reason: "it was asked to stop", isCrash: false }
      running.process.send({ type: "stop" })
      const killTimer = setTimeout(() => running.process.kill(), graceMs)
      await running.exited
      clearTimeout(killTimer)
    },
  }
}

function hostFailure(
  name: string,
  code: "engine.stalled" | "engine.crashed" | "engine.stopped",
  reason: string,
): AppError {
  const verb = { "engine.stalled": "hung", "engine.crashed": "crashed", "engine.stopped": "stopped" }[code]
  return new AppError(code, `The ${name} engine ${verb} (${reason}).`, {
    remedy: "Try again: it starts by itself. If it repeats, run `zenglow doctor`.",
  })
}

function busy(name: string, maxQueued: number): AppError {
  return new AppError("engine.busy", `The ${name} engine already has ${maxQueued} requests waiting.`, {
    remedy: "Try again in a moment.",
  })
}
