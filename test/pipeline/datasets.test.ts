import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { type DatasetManifest, type DatasetRow, datasetRecipe } from "#contract/datasets.ts"
import type { Job } from "#contract/jobs.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { createHub } from "#core/hub.ts"
import { newId } from "#core/ids.ts"
import { createJobs, type JobProgress, type Jobs } from "#core/jobs.ts"
import { silentLogger } from "#core/logger.ts"
import { buildRows } from "#ops/datasets/buildRows.ts"
import type { Candidate } from "#ops/datasets/collectRows.ts"
import { datasetRunner, startDataset } from "#ops/datasets/datasetJob.ts"
import { createDatasets, type Datasets } from "#ops/datasets/datasets.ts"
import { diffRows } from "#ops/datasets/diffRows.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"

const subjects = ["boiler", "heron", "ladder", "kettle", "piano", "rowing boat", "fig tree", "cellar", "roof", "fence"]
const candidates: Candidate[] = Array.from({ length: 60 }, (_, n) => {
  const subject = `${subjects[n % 10]} ${"abcdef"[Math.floor(n / 10)]}${n * 37}`
  return {
    kind: n % 5 === 0 ? "refusal" : "answer",
    question: `When was the ${subject} last looked at by somebody who knows number ${n * n + 11}?`,
    context: "",
    answer: `It was looked at in week ${n}, says the note on the ${subject} of shelf ${n * 13}.`,
    origins: [`conversation ${Math.floor(n / 3)}`],
    at: n,
  }
})
const build = (rows: Candidate[], recipe: Record<string, unknown> = {}, names: string[] = []) =>
  last(buildRows({ candidates: rows, leftOut: {} }, datasetRecipe.parse({ name: "test", ...recipe }), { names }))
function last<T>(steps: Generator<number, T>): T {
  const step = steps.next()
  return step.done ? step.value : last(steps)
}

it("makes the same rows whatever the order of the sources, and others with another seed", () => {
  const ids = (rows: DatasetRow[]) => rows.map(({ id, split }) => `${id} ${split}`)
  const rows = ids(build(candidates).rows)
  expect(rows.length).toBe(60)
  expect(ids(build(candidates.toReversed()).rows)).toEqual(rows)
  expect(ids(build(candidates, { seed: 2 }).rows)).not.toEqual(rows)
})

it("keeps rows of one conversation on one side of the split, and takes no more than the share", () => {
  const { rows, counts } = build(candidates, { holdOut: 0.2 })
  const sides = new Map<string, Set<string>>()
  for (const { split, messages } of rows) {
    const from = candidates.find(({ question }) => question === messages?.[0]?.content)?.origins[0] ?? ""
    sides.set(from, (sides.get(from) ?? new Set()).add(split))
  }
  expect([...sides.values()].every(({ size }) => size === 1)).toBe(true)
  expect(counts.heldOut).toBeGreaterThan(6)
  expect(counts.heldOut).toBeLessThanOrEqual(12)
  expect(counts.train + counts.heldOut).toBe(counts.rows)
})

it("takes what is there twice, also in other signs, once; keeps kinds within their limits; and says what was left out", () => {
  const [first] = candidates as [Candidate]
  const again = { ...first, question: first.question.toUpperCase().replace("?", " ?!"), origins: ["document 9"] }
  const { counts } = build([...candidates, again], { limits: { refusal: 5 }, minChars: 1 })
  expect(counts.leftOut).toEqual({ duplicate: 1, beyondLimit: 7 })
  expect(counts.byKind).toEqual({ answer: 48, refusal: 5 })
})

it("takes personal data and names out before anything is compared", () => {
  const [first] = candidates as [Candidate]
  const { rows, counts } = build(
    [{ ...first, answer: "Ask Marta, marta@example.org or IBAN DE89370400440532013000." }],
    {},
    ["Marta"],
  )
  expect(JSON.stringify(rows)).not.toMatch(/Marta|example|DE89/)
  expect(counts.masked).toEqual({ name: 1, email: 1, iban: 1 })
})

it("tells new, gone, otherwise answered and reworded rows apart", () => {
  const make = (question: string, answer: string): Candidate => ({
    kind: "answer",
    question,
    answer,
    context: "",
    origins: [question],
    at: 0,
  })
  const before = build([
    make("When is the boiler serviced?", "In October by the man from the works."),
    make("Who has the key of the boathouse?", "Ada keeps the only key of the boathouse in her desk upstairs."),
    make("What does the fence cost?", "Nine hundred."),
  ]).rows
  const after = build([
    make("When is the boiler serviced?", "Every March, before the garden is opened."),
    make("Who now has the key of the boathouse?", "Ada keeps the only key of the boathouse in her desk upstairs."),
    make("How old is the piano?", "It was built before the war."),
  ]).rows
  expect(diffRows(before, after)).toMatchObject({ added: 1, removed: 1, changed: 1, nearDuplicate: 1, unchanged: 0 })
  expect(diffRows(before, before)).toMatchObject({ added: 0, removed: 0, changed: 0, nearDuplicate: 0, unchanged: 3 })
})

let fake: FakeServer
let server: CoreServer
let dir: string
let datasets: Datasets
let jobs: Jobs
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "zenglow-datasets-"))
  const store = createMemoryStore()
  const { id } = await store.conversations.create(ownerActor, { title: "House" })
  for (const { question, answer } of candidates.slice(0, 20)) {
    const asked = await store.messages.append(ownerActor, {
      conversationId: id,
      parentId: null,
      role: "user",
      kind: "text",
      text: question,
    })
    const feedback = answer.includes("week 3,") ? ("down" as const) : null
    await store.messages.append(ownerActor, {
      conversationId: id,
      parentId: asked.id,
      role: "assistant",
      kind: "text",
      text: answer,
      endReason: "complete",
      feedback,
    })
  }
  datasets = createDatasets({
    store,
    dir,
    voiceOf: () => null,
    namesFor: async () => ({}),
    record: async () => {},
    version: "test",
    clock: { now: () => 5, monotonic: () => 5 } as never,
  })
  jobs = createJobs({
    store: store.jobs,
    hub: createHub((error) => {
      throw error
    }),
    runners: { dataset: datasetRunner(() => datasets) },
    clock: systemClock,
    log: silentLogger,
  })
  fake = createFakeServer({
    datasets: { ...datasets, start: (actor, recipe) => startDataset(jobs, actor, recipe) },
  })
  server = createServer(fake.deps)
  await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
})
afterAll(async () => {
  await server.close()
  fake.remove()
  rmSync(dir, { recursive: true, force: true })
})

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${testKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

/** The job when its work has stopped. */
const ended = (id: string): Promise<Job> =>
  new Promise((resolve) => {
    const look = (job: Job) => {
      if (job.id === id && job.status !== "queued" && job.status !== "running") resolve(job)
    }
    jobs.subscribe(ownerActor, look)
    void jobs.get(ownerActor, id).then(look)
  })
/** The version that a request makes. */
async function made(body: object): Promise<DatasetManifest> {
  const response = await call("POST", "/api/datasets", body)
  expect(response.status).toBe(202)
  const { jobId } = (await response.json()) as { jobId: string }
  expect(await ended(jobId)).toMatchObject({ status: "done", unit: "rows", total: 19 })
  return (await datasets.get(ownerActor, jobId)).manifest
}

it("makes no dataset without consent, and the next version under the same name", async () => {
  expect((await call("POST", "/api/datasets", { name: "house" })).status).toBe(422)
  const first = await made({ name: "house", consent: true })
  expect(first).toMatchObject({ version: 1, consent: { by: "owner" }, counts: { rows: 19, leftOut: { disliked: 1 } } })
  expect(await made({ name: "house", consent: true })).toMatchObject({ version: 2, sha256: first.sha256 })
})

it("says in the job why nothing was made", async () => {
  const recipe = datasetRecipe.parse({ name: "nothing", sources: { conversations: false } })
  const { jobId } = await startDataset(jobs, ownerActor, recipe)
  expect(await ended(jobId)).toMatchObject({ status: "failed", error: { code: "dataset.empty" } })
})

it("leaves nothing of what was cancelled, and makes one version of a job that was begun twice", async () => {
  const count = async () => (await datasets.list(ownerActor)).length
  const before = await count()
  const order = { id: newId(), recipe: datasetRecipe.parse({ name: "again" }), consentAt: 1 }
  const controller = new AbortController()
  const stop = ({ total }: JobProgress) => total && controller.abort()
  await expect(datasets.build(ownerActor, order, stop, controller.signal)).rejects.toThrow()
  expect(await count()).toBe(before)
  const { signal } = new AbortController()
  const manifest = await datasets.build(ownerActor, order, () => {}, signal)
  expect(await datasets.build(ownerActor, order, () => {}, signal)).toEqual(manifest)
  expect(await count()).toBe(before + 1)
  await datasets.delete(ownerActor, order.id)
})

it("hands the file to other programs: whole, packed, and from where a download broke off", async () => {
  const manifest = await (await call("GET", "/dataset/manifest?name=house")).json()
  const whole = await call("GET", "/dataset/stream?name=house", undefined, { "accept-encoding": "identity" })
  const text = await whole.text()
  expect(Buffer.byteLength(text)).toBe(manifest.size_bytes)
  expect(whole.headers.get("etag")).toBe(`"${manifest.sha256}"`)
  const packed = await call("GET", "/dataset/stream?name=house", undefined, { "accept-encoding": "gzip" })
  expect(packed.headers.get("content-encoding")).toBe("gzip")
  expect(await packed.text()).toBe(text)
  const plain = { "accept-encoding": "identity" }
  const rest = await call("GET", "/dataset/stream", undefined, { ...plain, range: "bytes=100-" })
  expect([rest.status, await rest.text()]).toEqual([206, Buffer.from(text).subarray(100).toString()])
  const other = await call("GET", "/dataset/stream", undefined, {
    ...plain,
    range: "bytes=100-",
    "if-range": '"older"',
  })
  expect([other.status, await other.text()]).toEqual([200, text])
  expect((await call("GET", "/dataset/stream", undefined, { range: `bytes=${manifest.size_bytes}-` })).status).toBe(416)
  expect((await fetch(`${server.baseUrl}/dataset/stream?key=${testKey}`)).status).toBe(401)
})
