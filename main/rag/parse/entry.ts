import dgram from "node:dgram"
import net from "node:net"
import { serveHost } from "#core/host/serve.ts"
import type { ParserContract } from "./contract.ts"
import { readDocument } from "./readDocument.ts"

closeSockets()

serveHost<ParserContract>({ parse: (input) => readDocument(input) })

/** Documents come from anywhere and their readers are large: this process opens no connection, whatever it is tricked into. */
function closeSockets(): void {
  const refuse = (): never => {
    throw new Error("The parser has no network.")
  }
  net.Socket.prototype.connect = refuse
  net.Server.prototype.listen = refuse
  dgram.createSocket = refuse
  for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"]) {
    Object.defineProperty(globalThis, name, { value: undefined, configurable: false })
  }
}
