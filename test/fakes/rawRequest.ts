import { type Agent, request } from "node:http"

export interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  json(): { error: { code: string; message: string; requestId: string; remedy?: string } } & Record<string, unknown>
}

/** A request with exactly these headers, the Host included: what `fetch` would not send. */
export function rawRequest(options: {
  port: number
  method?: string
  path: string
  headers?: Record<string, string | string[]>
  body?: string | Buffer
  agent?: Agent
}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port: options.port,
        method: options.method ?? "GET",
        path: options.path,
        setHost: false,
        agent: options.agent,
        headers: { host: `127.0.0.1:${options.port}`, ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8")
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: () => JSON.parse(text) as ReturnType<RawAnswer["json"]>,
          })
        })
      },
    )
    sent.on("error", reject)
    sent.end(options.body)
  })
}
