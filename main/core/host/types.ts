import type { Logger } from "../logger.ts"

/** What a child offers: methods by name. `event` is what a running request may emit before it answers. */
export type HostContract = Record<string, { input: unknown; output: unknown; event?: unknown }>

export interface RequestOptions<Event> {
  signal: AbortSignal
  onEvent?: (event: Event) => void
}

/**
 * The core's side of a child process. Starts it with the first request, restarts it after a crash (never replaying a request),
 * and opens the breaker after three crashes in five minutes. Throws `engine.crashed`, `engine.stalled`, `engine.stopped`,
 * `engine.busy`, the child's own AppError by its code, or `signal.reason`.
 */
export interface EngineClient<C extends HostContract> {
  request<M extends keyof C & string>(
    method: M,
    input: C[M]["input"],
    options: RequestOptions<C[M]["event"]>,
  ): Promise<C[M]["output"]>
  status(): HostStatus
  /** Hears of every start, exit and breaker change. Returns the function that ends the subscription. */
  onStatus(listener: (status: HostStatus) => void): () => void
  /** Ends the child; a later request starts it again. */
  stop(): Promise<void>
}

export interface HostStatus {
  name: string
  state: "stopped" | "starting" | "running" | "broken"
  pid: number | null
  /** Why the last child ended, when it was not asked to. */
  lastFailure: string | null
  crashes: number
  /** Requests waiting or running. */
  queued: number
}

/** One request that a turn made of a host, once it is over. Times are epoch milliseconds. */
export interface HostCall {
  turnId: string
  host: string
  pid: number | null
  method: string
  askedAt: number
  endedAt: number
  /** Null: it never reached the child. */
  sentAt: number | null
  /** What the child itself measured; null where it did not answer. */
  ran: { startedAt: number; durationMs: number } | null
  /** `ok`, `aborted`, or an error code. */
  outcome: string
}

export interface RequestContext<Event> {
  signal: AbortSignal
  emit: (event: Event) => void
  log: Logger
}

/** The child's side: one function per method. A missing or extra one does not compile. */
export type HostHandlers<C extends HostContract> = {
  [M in keyof C]: (input: C[M]["input"], context: RequestContext<C[M]["event"]>) => Promise<C[M]["output"]>
}

/** The only thing that differs between a forked child and a host inside the tests. */
export interface HostAdapter {
  /** Starts the child. Messages are structured-clone values. */
  spawn(options: { name: string; onMessage: (message: unknown) => void; onExit: (reason: string) => void }): HostProcess
}

export interface HostProcess {
  readonly pid: number | null
  send(message: unknown): void
  kill(): void
}
