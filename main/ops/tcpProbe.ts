import { connect } from "node:net"
import { AppError } from "#core/errors.ts"

export interface TcpProbe {
  ok: boolean
  latency_ms: number | null
  error: string | null
}

const loopback = new Set(["127.0.0.1", "localhost", "::1"])

/**
 * Whether a port accepts connections. Only this machine's, and hosts that are configured as backends: asked for others it would be a port
 * scanner. Throws `request.invalid` for those.
 * @param allowed `host:port` of configured backends.
 */
export function probeTcp(
  target: { host: string; port: number; timeoutMs: number },
  allowed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<TcpProbe> {
  const host = target.host.toLowerCase()
  if (!loopback.has(host) && !allowed.has(`${host}:${target.port}`)) {
    throw new AppError("request.invalid", "Only ports of this machine and of configured backends are probed.", {
      remedy: "Use 127.0.0.1, or configure the backend first.",
    })
  }
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: target.port, timeout: target.timeoutMs })
    const end = (result: TcpProbe): void => {
      signal.removeEventListener("abort", leave)
      socket.destroy()
      resolve(result)
    }
    const leave = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    signal.addEventListener("abort", leave, { once: true })
    socket.once("connect", () =>
      end({ ok: true, latency_ms: Math.round((performance.now() - startedAt) * 10) / 10, error: null }),
    )
    socket.once("timeout", () => end({ ok: false, latency_ms: null, error: "timeout" }))
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end({ ok: false, latency_ms: null, error: error.code ?? "failed" }),
    )
  })
}
