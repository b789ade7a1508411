import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** How the server treats one request. Absent values behave well. */
export interface Behaviour {
  /** Ends the connection after this many body bytes. */
  cutAfter?: number
  /** Stays silent after this many body bytes. */
  stallAfter?: number
  ignoresRange?: boolean
  etag?: string
  /** Sent instead of the file. */
  body?: Buffer
  /** Claims another length than the body has. */
  contentLength?: number
  status?: number
  location?: string
  /** Answers a range request with the right status and the wrong offset. */
  shiftsRangeBy?: number
  /** Goes on with the range although If-Range names another version. */
  ignoresIfRange?: boolean
}

export interface HostileServer {
  origin: string
  requests: { path: string; range: string | undefined; ifRange: string | undefined }[]
  close(): Promise<void>
}

/** A file server on port 0 whose behaviour the test chooses for each request. */
export async function startHostileServer(
  file: Buffer,
  behave: (requestNumber: number, path: string) => Behaviour,
): Promise<HostileServer> {
  const requests: HostileServer["requests"] = []
  const server = createServer((request, response) => {
    const { range, "if-range": ifRange } = request.headers
    requests.push({ path: request.url ?? "", range, ifRange: ifRange as string | undefined })
    answer(request, response, file, behave(requests.length, request.url ?? ""))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(request: IncomingMessage, response: ServerResponse, file: Buffer, behaviour: Behaviour): void {
  const whole = behaviour.body ?? file
  const etag = behaviour.etag ?? '"one"'
  if (behaviour.status) {
    response.writeHead(behaviour.status, behaviour.location ? { location: behaviour.location } : {}).end()
    return
  }
  const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? Number.NaN)
  const ifRange = request.headers["if-range"]
  const isPartial =
    Number.isFinite(offset) &&
    !behaviour.ignoresRange &&
    (behaviour.ignoresIfRange || ifRange === undefined || ifRange === etag)
  const start = isPartial ? offset + (behaviour.shiftsRangeBy ?? 0) : 0
  const body = whole.subarray(start)
  response.writeHead(isPartial ? 206 : 200, {
    etag,
    "content-length": behaviour.contentLength ?? body.length,
    ...(isPartial ? { "content-range": `bytes ${start}-${whole.length - 1}/${whole.length}` } : {}),
  })
  const limit = behaviour.cutAfter ?? behaviour.stallAfter
  if (limit === undefined || limit >= body.length) {
    response.end(body)
    return
  }
  response.write(body.subarray(0, limit), () => {
    // The client's stack drops what it has not handed on when the connection breaks: let it read first.
    if (behaviour.cutAfter !== undefined) setTimeout(() => response.socket?.destroy(), 20)
  })
}
