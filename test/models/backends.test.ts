import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bootCore } from "#app/bootCore.ts"
import { type Client, createClient } from "#cli/client.ts"
import { emptyTurn, foldTurn } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import { loadConfig } from "#core/config.ts"
import { startLlamaServer } from "../fakes/llamaServer.ts"
import { modelFile, modelsDir } from "./modelFiles.ts"

const chatModel = "smollm2-135m-instruct-q4_1"
const weights = modelFile(chatModel, "SmolLM2-135M-Instruct.Q4_1.gguf")
const program = process.env.ZENGLOW_LLAMA_SERVER
if (!program)
  process.stderr.write("not run: llama.cpp's own server as a backend, which ZENGLOW_LLAMA_SERVER would name\n")
const { signal } = new AbortController()

/** A core of its own. One that has no models of its own can only answer from a server. */
async function startCore(hasModels: boolean) {
  const dataDir = await mkdtemp(join(tmpdir(), "zenglow-backends-"))
  const flags = { dataDir, port: 0, offline: true, logLevel: "error", ...(hasModels ? { modelsDir, chatModel } : {}) }
  const core = await bootCore(loadConfig(flags, {}))
  return {
    ...core,
    client: createClient(core.baseUrl, core.apiKey, { isOwn: true }),
    async end() {
      await core.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function ask(client: Client, text: string) {
  const { turnId } = await client.api("POST /api/turns", { body: { kind: "text", text, collectionIds: [] } }, signal)
  let turn = emptyTurn(turnId)
  for await (const event of client.stream(`/api/turns/${turnId}/events`, signal) as AsyncIterable<TurnEvent>)
    turn = foldTurn(turn, event)
  return turn
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
}

describe.skipIf(!existsSync(weights))("a core without a model of its own", () => {
  let core: Awaited<ReturnType<typeof startCore>>
  beforeAll(async () => {
    core = await startCore(false)
  })
  afterAll(() => core.end())

  const answersFrom = async (name: string, baseUrl: string, key: string | null): Promise<void> => {
    const { client } = core
    await client.api("POST /api/backends", { body: { name, kind: "openai", baseUrl, key } }, signal)
    const test = await client.api("POST /api/backends/:name/test", { params: { name } }, signal)
    expect(test).toMatchObject({ ok: true, error: null })
    const model = test.models.find(({ id }) => /smollm2/i.test(id))?.id ?? ""
    await client.api("PATCH /api/backends/:name", { params: { name }, body: { model } }, signal)

    const turn = await ask(client, "Hi there!")
    expect(turn).toMatchObject({ endReason: "complete", error: null, model: `${name}/${model}` })
    expect(turn.text).not.toBe("")
    expect(turn.usage?.completionTokens).toBeGreaterThan(0)
    expect(turn.sent).toMatchObject({ backend: name, model, sentTo: null })
    const stored = await client.api(
      "GET /api/conversations/:id/messages",
      { params: { id: turn.conversationId ?? "" } },
      signal,
    )
    expect(stored.items.at(-1)?.sent).toMatchObject({ backend: name, model })

    const probe = await client.api("GET /llm/probe", {}, signal)
    expect(probe.backends[name]).toMatchObject({ attempted: true, ok: true, model: `${name}/${model}` })
    await client.api("DELETE /api/backends/:name", { params: { name } }, signal)
  }

  it("answers from another ZenGlow", async () => {
    const other = await startCore(true)
    try {
      await answersFrom("other", other.baseUrl, other.apiKey)
    } finally {
      await other.end()
    }
  }, 120_000)

  it.skipIf(!program)(
    "answers from llama.cpp's own server",
    async () => {
      const server = await startLlamaServer(program ?? "", weights, await freePort())
      try {
        await answersFrom("llama-cpp", server.baseUrl, null)
      } finally {
        await server.close()
      }
    },
    120_000,
  )
})
