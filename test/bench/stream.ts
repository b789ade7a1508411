/**
 * Streams: what `/rag/stream_query` adds to the first event (the same retrieval called directly, interleaved, in one process), how soon
 * work stops after its client has gone, and many clients at a steady rate.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { retrieve } from "#rag/retrieve.ts"
import type { RagService } from "#server/deps.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { testKey } from "../fakes/fakeServerDeps.ts"
import { createRagServer } from "../fakes/ragServer.ts"

const { values: options } = parseArgs({
  options: {
    clients: { type: "string", default: "500" },
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "200" },
    documents: { type: "string", default: "200" },
  },
})
const clients = Number(options.clients)
const events = Number(options.seconds) * 20
const rounds = Number(options.rounds)
const headers = { authorization: `Bearer ${testKey}` }

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0
const line = (name: string, values: readonly number[]): string =>
  `${name.padEnd(30)} median ${quantile(values, 0.5).toFixed(2)} ms · p95 ${quantile(values, 0.95).toFixed(2)} ms · ${values.length} runs`

const topics = ["filter", "boiler", "lease", "soup", "garden", "bicycle", "insurance", "camera"]
const documents = Object.fromEntries(
  Array.from({ length: Number(options.documents) }, (_, index) => {
    const topic = topics[index % topics.length]
    const body = Array.from(
      { length: 6 },
      (_part, part) =>
        `## Part ${part}\n\nThe ${topic} number ${index} is checked every ${part + 2} weeks in room ${index * 7 + part}.`,
    )
    return [`${topic}-${index}.md`, `# ${topic} ${index}\n\n${body.join("\n\n")}\n`] as const
  }),
)

await firstEvent()
await abort()
await manyClients()

/** Milliseconds from asking to the first event, over HTTP and without it. */
async function firstEvent(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-bench-"))
  const file = join(directory, "zenglow.db")
  const store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger })
  const server = await createRagServer({ documents, store })
  const direct: number[] = []
  const streamed: number[] = []
  for (let round = -20; round < rounds; round++) {
    const query = `How often is the ${topics[(round + 80) % topics.length]} in room ${round + 30} checked?`
    const called = async () => {
      const startedAt = performance.now()
      const phases = retrieve(
        ownerActor,
        { query, collectionIds: null, topK: 10 },
        server.retrieval,
        new AbortController().signal,
      )
      let phase = await phases.next()
      while (!phase.done && phase.value.type !== "retrieve-phase") phase = await phases.next()
      const ms = performance.now() - startedAt
      while (!phase.done) phase = await phases.next()
      return ms
    }
    const asked = async () => {
      const startedAt = performance.now()
      const ms = await new Promise<number>((resolve, reject) => {
        const path = `/rag/stream_query?query=${encodeURIComponent(query)}`
        const sent = request({ host: "127.0.0.1", port: server.port, path, headers }, (response) => {
          let first: number | null = null
          response.on("data", () => {
            first ??= performance.now() - startedAt
          })
          response.on("end", () => resolve(first ?? 0))
        })
        sent.on("error", reject)
        sent.end()
      })
      return ms
    }
    const isFirst = round % 2 === 0
    const one = isFirst ? await called() : await asked()
    const other = isFirst ? await asked() : await called()
    if (round < 0) continue
    direct.push(isFirst ? one : other)
    streamed.push(isFirst ? other : one)
  }
  await server.close()
  await store.close()
  await rm(directory, { recursive: true, force: true })
  console.log(`stream: ${Object.keys(documents).length} documents, SQLite, word vectors`)
  console.log(line("first phase, called directly", direct))
  console.log(line("first event over HTTP", streamed))
  console.log(
    `${"added to the first event".padEnd(30)} ${(quantile(streamed, 0.5) - quantile(direct, 0.5)).toFixed(2)} ms at the median`,
  )
}

/** Milliseconds from the client's leaving to the end of the work. */
async function abort(): Promise<void> {
  let onEnd: (() => void) | null = null
  const server = await createRagServer({
    documents: {},
    wrap: (service) => ({
      ...service,
      async *stream(_actor, _query, _options, signal) {
        try {
          for (;;) {
            yield { phase: "token", text: "word " }
            await delay(5, undefined, { signal })
          }
        } finally {
          onEnd?.()
        }
      },
    }),
  })
  const took: number[] = []
  for (let round = 0; round < Math.min(rounds, 100); round++) {
    const ended = Promise.withResolvers<void>()
    onEnd = ended.resolve
    const sent = request({ host: "127.0.0.1", port: server.port, path: `/rag/stream_query?query=${round}`, headers })
    sent.on("error", () => undefined)
    const response = await new Promise<import("node:http").IncomingMessage>((resolve) => {
      sent.on("response", resolve)
      sent.end()
    })
    response.on("error", () => undefined)
    await new Promise((resolve) => response.once("data", resolve))
    const startedAt = performance.now()
    sent.destroy()
    await ended.promise
    took.push(performance.now() - startedAt)
  }
  await server.close()
  console.log(line("client gone → work ended", took))
}

/** Every client gets 20 events in a second; each is counted and its delay taken. */
async function manyClients(): Promise<void> {
  const stream: RagService["stream"] = async function* (_actor, _query, { queryId }, signal) {
    const startedAt = performance.now()
    for (let index = 0; index < events; index++) {
      await delay(Math.max(0, startedAt + index * 50 - performance.now()), undefined, { signal })
      yield { phase: "token", text: String(performance.timeOrigin + performance.now()) }
    }
    yield { phase: "done", query_id: queryId, timings: {} }
  }
  const server = await createRagServer({ documents: {}, wrap: (service) => ({ ...service, stream }) })
  const startedAt = performance.now()
  const worker = new Worker(new URL("./shared/streamClients.ts", import.meta.url), {
    workerData: { port: server.port, key: testKey, clients },
  })
  const results = await new Promise<{ events: number; gaps: number; isDone: boolean; lateMs: number[] }[]>(
    (resolve, reject) => {
      worker.once("message", resolve)
      worker.once("error", reject)
    },
  )
  const seconds = (performance.now() - startedAt) / 1000
  await server.close()
  const expected = clients * (events + 1)
  const received = results.reduce((sum, result) => sum + result.events, 0)
  const gaps = results.reduce((sum, result) => sum + result.gaps, 0)
  console.log(`${clients} clients, ${events} events each at 20 in a second, ${seconds.toFixed(1)} s`)
  console.log(
    `${"received".padEnd(30)} ${received} of ${expected} events · lost ${expected - received} · out of order ${gaps}`,
  )
  console.log(`${"streams closed by done".padEnd(30)} ${results.filter(({ isDone }) => isDone).length} of ${clients}`)
  console.log(
    line(
      "delay of an event",
      results.flatMap(({ lateMs }) => lateMs),
    ),
  )
}
