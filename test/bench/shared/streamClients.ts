/** Clients of the stream bench, in a thread of their own: the server's loop is not theirs. */
import { Agent, request } from "node:http"
import { parentPort, workerData } from "node:worker_threads"
import { createParser } from "eventsource-parser"

const { port, key, clients } = workerData as { port: number; key: string; clients: number }
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })

interface Read {
  events: number
  /** Ids that did not follow the one before. */
  gaps: number
  isDone: boolean
  lateMs: number[]
}

function read(index: number): Promise<Read> {
  return new Promise((resolve, reject) => {
    const result: Read = { events: 0, gaps: 0, isDone: false, lateMs: [] }
    let last = -1
    const parser = createParser({
      onEvent({ id, event, data }) {
        result.events++
        if (Number(id) !== last + 1) result.gaps++
        last = Number(id)
        if (event === "done") result.isDone = true
        if (event !== "token") return
        const sentAt = Number((JSON.parse(data) as { text: string }).text)
        result.lateMs.push(performance.timeOrigin + performance.now() - sentAt)
      },
    })
    const headers = { authorization: `Bearer ${key}` }
    const sent = request({ host: "127.0.0.1", port, path: `/rag/stream_query?query=client${index}`, headers, agent })
    sent.on("response", (response) => {
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => parser.feed(chunk))
      response.on("end", () => resolve(result))
      response.on("error", reject)
    })
    sent.on("error", reject)
    sent.end()
  })
}

parentPort?.postMessage(await Promise.all(Array.from({ length: clients }, (_, index) => read(index))))
