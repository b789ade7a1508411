import type { Server } from "node:http"
import { z } from "zod"
import { AppError } from "#core/errors.ts"

export interface ListenOptions {
  host: string
  port: number
  /** An explicit port that is busy throws `core.port-taken`; the default moves on to the next free one. */
  isPortExplicit: boolean
}

/** Ports tried after the default one before the system chooses. */
const nextPorts = 20

/** Binds the server. Throws `core.port-taken` for a busy explicit port, saying who holds it as far as that can be seen. */
export async function listenOn(server: Server, options: ListenOptions): Promise<{ port: number; baseUrl: string }> {
  const candidates = options.isPortExplicit
    ? [options.port]
    : [...Array.from({ length: nextPorts }, (_, index) => options.port + index).filter((port) => port < 65_536), 0]
  for (const port of candidates) {
    if (await tryListen(server, options.host, port)) return { port: portOf(server), baseUrl: baseUrl(server, options) }
  }
  throw new AppError("core.port-taken", `Port ${options.port} is taken by ${await holderOf(options)}.`, {
    remedy: "Stop that program, choose another port with --port, or leave --port out to use the next free one.",
  })
}

/** False when the port is busy or not ours to bind. Other failures throw. */
function tryListen(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off("listening", onListening)
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false)
      else
        reject(
          new AppError("config.invalid", `The address ${host} cannot be bound (${error.code ?? "unknown"}).`, {
            remedy: "Use --host 127.0.0.1, or an address of this machine.",
            cause: error,
          }),
        )
    }
    const onListening = (): void => {
      server.off("error", onError)
      resolve(true)
    }
    server.once("error", onError)
    server.once("listening", onListening)
    server.listen({ host, port, exclusive: true })
  })
}

const portOf = (server: Server): number => z.object({ port: z.number() }).parse(server.address()).port

function baseUrl(server: Server, { host }: ListenOptions): string {
  const isAny = host === "0.0.0.0" || host === "::"
  const name = isAny ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host
  return `http://${name}:${portOf(server)}`
}

const healthAnswer = z.object({ status: z.literal("ok"), version: z.string() })

async function holderOf({ port }: ListenOptions): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) })
    const health = healthAnswer.safeParse(await answer.json())
    return health.success ? `another ZenGlow (version ${health.data.version})` : "another web server"
  } catch {
    return "another program"
  }
}
