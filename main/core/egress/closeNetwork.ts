import dgram from "node:dgram"
import net from "node:net"

/**
 * Takes the network away from this process or thread for good. Engines, parsers and workers read files and compute: whatever a model, a
 * document or a library tricks them into, they open no connection and listen nowhere. Their channel to the core is no socket.
 */
export function closeNetwork(): void {
  const refuse = (): never => {
    throw Object.assign(new Error("Blocked: this process has no network."), { code: "EBLOCKED" })
  }
  net.Socket.prototype.connect = refuse
  net.Server.prototype.listen = refuse
  dgram.Socket.prototype.send = refuse
  dgram.Socket.prototype.bind = refuse
}
