/** A host that is told to reach out, by every door Node has. */
import dgram from "node:dgram"
import { request } from "node:http"
import { request as secureRequest } from "node:https"
import net from "node:net"
import tls from "node:tls"
import { serveHost } from "#core/host/serve.ts"

export type VictimContract = {
  reachOut: { input: { host: string; port: number }; output: Record<string, string> }
}

const codeOf = (error: unknown): string => {
  const { code, cause, message } = error as { code?: string; cause?: { code?: string }; message: string }
  return code ?? cause?.code ?? message
}
const outcomeOf = (start: () => NodeJS.EventEmitter, good: string): Promise<string> =>
  new Promise((resolve) => {
    try {
      const emitter = start()
      emitter.once(good, () => resolve("connected"))
      emitter.once("error", (error) => resolve(codeOf(error)))
    } catch (error) {
      resolve(codeOf(error))
    }
  })

serveHost<VictimContract>({
  async reachOut({ host, port }) {
    const url = `http://${host}:${port}/`
    return {
      net: await outcomeOf(() => net.connect(port, host), "connect"),
      tls: await outcomeOf(() => tls.connect(port, host), "secureConnect"),
      http: await outcomeOf(() => request(url).end(), "response"),
      https: await outcomeOf(() => secureRequest(url.replace("http", "https")).end(), "response"),
      fetch: await fetch(url).then(() => "connected", codeOf),
      listen: await outcomeOf(() => net.createServer().listen(0, "127.0.0.1"), "listening"),
      datagram: await outcomeOf(() => {
        const socket = dgram.createSocket("udp4")
        socket.send("x", port, host, () => socket.emit("sent"))
        return socket
      }, "sent"),
    }
  },
})
