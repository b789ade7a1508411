import dgram from "node:dgram"
import dns, { type LookupAddress } from "node:dns"
import net from "node:net"
import { isPrivateAddress } from "../privateAddresses.ts"
import { isThisMachine } from "./thisMachine.ts"

/** What a connection may lead to while it is open. */
export interface Permit {
  host: string
  port: number
  /** Whether addresses of this machine and its networks may answer under that name. */
  allowsPrivate: boolean
}

export interface SocketGuard {
  /** Until the returned function is called. */
  permit(permit: Permit): () => void
  close(): void
}

export interface SocketGuardOptions {
  /** `host:port` of a proxy through which permitted connections go. */
  proxy: string | null
  /** Hears of connections that nobody had asked for. */
  onRefused(host: string, port: number): void
}

type Connect = (this: net.Socket, options: net.SocketConnectOpts, onConnect?: () => void) => net.Socket
type Guarded = SocketGuardOptions & { permits: Set<Permit> }

/** The sockets of a process have one prototype, so this list is the process's: several cores in one (tests) share it. */
const guards = new Set<Guarded>()
const original = {
  connect: net.Socket.prototype.connect,
  send: dgram.Socket.prototype.send,
}

/**
 * No socket of this thread connects to anything but this machine unless a permit for host and port is open: a library that fetches by
 * itself, or code that forgot to ask, gets an error instead of a connection. What a name resolves to is checked here, where the connection
 * is made, so that a name cannot change its mind between a check and a connection.
 */
export function guardSockets(options: SocketGuardOptions): SocketGuard {
  const guard: Guarded = { ...options, permits: new Set() }
  if (guards.size === 0) install()
  guards.add(guard)
  return {
    permit(permit) {
      const own = { ...permit, host: bare(permit.host) }
      guard.permits.add(own)
      return () => void guard.permits.delete(own)
    },
    close() {
      guards.delete(guard)
      if (guards.size === 0) restore()
    },
  }
}

function install(): void {
  net.Socket.prototype.connect = guardedConnect as typeof original.connect
  dgram.Socket.prototype.send = refuseDatagram
}

function restore(): void {
  net.Socket.prototype.connect = original.connect
  dgram.Socket.prototype.send = original.send
}

function refuseDatagram(): never {
  throw blocked("Nothing is sent by datagrams.")
}

function guardedConnect(this: net.Socket, ...args: unknown[]): net.Socket {
  const { options, onConnect } = readArguments(args)
  const pass = (given: net.SocketConnectOpts): net.Socket => (original.connect as Connect).call(this, given, onConnect)
  // Pipes and sockets of the file system stay on this machine.
  if ("path" in options && options.path) return pass(options)
  const { host = "localhost", port } = options as net.TcpSocketConnectOpts
  if (isThisMachine(host)) return pass(options)
  const permit = permitFor(host, Number(port))
  if (permit === null) {
    for (const guard of guards) guard.onRefused(bare(host), Number(port))
    return failLater(this, blocked(`Nobody asked to connect to ${bare(host)}.`))
  }
  if (permit.allowsPrivate) return pass(options)
  if (net.isIP(bare(host)) !== 0)
    return isPrivateAddress(bare(host))
      ? failLater(this, blocked(`${bare(host)} is a private address.`))
      : pass(options)
  const { lookup = dns.lookup } = options as net.TcpSocketConnectOpts
  return pass({ ...(options as net.TcpSocketConnectOpts), lookup: publicOnly(lookup as typeof dns.lookup) })
}

/** As `net.Socket.connect` may be called: options, port and host, a path, or the list that `net.connect` makes of them. */
function readArguments(args: unknown[]): { options: net.SocketConnectOpts; onConnect?: () => void } {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  const callback = (Array.isArray(args[0]) ? [second] : args).find((argument) => typeof argument === "function")
  const onConnect = callback ? { onConnect: callback as () => void } : {}
  if (typeof first === "object" && first !== null) return { options: first as net.SocketConnectOpts, ...onConnect }
  if (typeof first === "string" && Number.isNaN(Number(first))) return { options: { path: first }, ...onConnect }
  return { options: { port: Number(first), ...(typeof second === "string" ? { host: second } : {}) }, ...onConnect }
}

function permitFor(host: string, port: number): Permit | null {
  const name = bare(host)
  for (const { permits, proxy } of guards) {
    for (const permit of permits) if (permit.host === name && permit.port === port) return permit
    if (permits.size > 0 && proxy === `${name}:${port}`) return { host: name, port, allowsPrivate: true }
  }
  return null
}

/** One private address among several is enough to refuse: which one is used must not be left to chance. */
function publicOnly(lookup: typeof dns.lookup): net.LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[] | string) => {
      const addresses = typeof found === "string" ? [{ address: found, family: net.isIP(found) }] : (found ?? [])
      const [first] = addresses
      if (error || !first) callback(error ?? blocked(`${hostname} is not known.`), "", 0)
      else if (addresses.some(({ address }) => isPrivateAddress(address)))
        callback(blocked(`${hostname} leads to a private address.`), "", 0)
      else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function failLater(socket: net.Socket, error: Error): net.Socket {
  // As the operating system would refuse: after the caller has set its listeners.
  process.nextTick(() => socket.destroy(error))
  return socket
}

const bare = (host: string): string => host.toLowerCase().replace(/^\[|\]$/g, "")

const blocked = (message: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`Blocked: ${message}`), { code: "EBLOCKED" })
