import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bootCore } from "#app/bootCore.ts"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { resample } from "#audio/resample.ts"
import { writeWav } from "#audio/wavFile.ts"
import { type Client, createClient } from "#cli/client.ts"
import { ingestPath } from "#cli/ingest.ts"
import { socketTurn } from "#cli/socketTurn.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { loadConfig } from "#core/config.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { modelFile } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"

/** What hears and searches. Nothing composes or speaks: answers are quotations, and nobody waits until they were said. */
const needed = ["moonshine-tiny-en", "silero-vad-v6", "campplus-zh-en", "bge-small-en-v1.5-q"]
const { signal } = new AbortController()
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
const rate = 16_000
const read = async (path: string): Promise<Float32Array> =>
  (await decodeAudio(readFileSync(path), { sampleRate: rate }, signal)).samples

describe.skipIf(![...needed, "hibari-heart"].every((id) => existsSync(modelFile(id, ""))))(
  "a household told apart by CAM++",
  () => {
    let dataDir: string
    let core: Awaited<ReturnType<typeof bootCore>>
    let client: Client
    let collectionId: string

    beforeAll(async () => {
      dataDir = mkdtempSync(join(tmpdir(), "zenglow-voices-"))
      const modelsDir = mkdtempSync(join(tmpdir(), "zenglow-voices-models-"))
      for (const id of needed) symlinkSync(modelFile(id, ""), join(modelsDir, id), "junction")
      core = await bootCore(loadConfig({ dataDir, modelsDir, port: 0, offline: true, logLevel: "error" }, {}))
      client = createClient(core.baseUrl, core.apiKey, { isOwn: true })
      ;({ collectionId } = await ingestPath(client, fixture("speech/household"), undefined, signal))
      const form = new FormData()
      form.set("name", "Joe")
      form.set("consent", "true")
      for (const name of ["warranty", "oven-clean", "red-light", "smoke-alarm"])
        form.append("files", new Blob([readFileSync(fixture(`speech/${name}.opus`))]), `${name}.opus`)
      const enrolled = await fetch(`${core.baseUrl}/audio/speaker/enroll`, {
        method: "POST",
        headers: { authorization: `Bearer ${core.apiKey}` },
        body: form,
      })
      const { profile_id } = (await enrolled.json()) as { profile_id: string }
      await client.api("PATCH /api/people/:id", { params: { id: "owner" }, body: { speakerId: profile_id } }, signal)
    }, 120_000)
    afterAll(async () => {
      await core?.close()
      rmSync(dataDir, { recursive: true, force: true })
    })

    /** Read by the product's own voice: to CAM++, nobody who is known. */
    async function bySomebodyElse(text: string): Promise<Float32Array> {
      const host = startSpeechHost()
      try {
        const voice = createHibari({
          client: host.client,
          model: { id: "hibari-heart", dir: modelFile("hibari-heart", "") },
        })
        const { samples, sampleRate } = await voice.synthesize(text, {}, signal)
        return await resample(samples, sampleRate, rate)
      } finally {
        await host.client.stop()
      }
    }

    it("answers the known voice from private documents, and an unknown one with nothing of them", async () => {
      const known = await socketTurn(client, await read(fixture("speech/water-filter.opus")), undefined, signal)
      expect(known.turn.speaker).toMatchObject({ name: "Joe" })
      expect(known.turn.text).toContain("six months")

      const asked = await bySomebodyElse("How often should the water filter be changed?")
      for (const chosen of [undefined, [collectionId]]) {
        const { turn } = await socketTurn(client, asked, chosen, signal)
        expect(turn.question.toLowerCase()).toContain("water filter")
        expect(turn.speaker).toBeNull()
        // The sample that comes with the product is the household's, and no secret.
        expect(turn.passages.filter((passage) => passage.collectionId === collectionId)).toEqual([])
        expect(turn.text).not.toContain("six months")
      }
    })

    it("does nothing on the word of an unknown voice: it is proposed to whose chat it is", async () => {
      const said = await bySomebodyElse("Remember that the gate stays open on Sunday.")
      const { turn } = await socketTurn(client, said, undefined, signal, { isKept: true })
      expect(turn.memory).toMatchObject({ action: "proposed", memoryId: null })
      expect((await client.api("GET /api/memory", { query: {} }, signal)).items).toEqual([])
    })

    it("makes a recording a document that says who spoke, down to its passages", async () => {
      const quiet = new Float32Array(rate * 1.5)
      const joe = [await read(fixture("speech/main-valve.opus")), await read(fixture("speech/vacuum-bag.opus"))]
      const linda = await read(fixture("audio/LJ001-0030.opus"))
      const folder = mkdtempSync(join(tmpdir(), "zenglow-recording-"))
      const path = join(folder, "Talk at home.wav")
      writeFileSync(path, writeWav(concatSamples([...joe, quiet, linda]), rate))
      const { collectionId: recordings } = await ingestPath(client, path, undefined, signal)
      const { items } = await client.api("GET /api/documents", { query: { collectionId: recordings } }, signal)
      const talk = items.find(({ kind }) => kind === "audio")
      const { text } = await client.api("GET /api/documents/:id/source", { params: { id: talk?.id ?? "" } }, signal)
      rmSync(folder, { recursive: true, force: true })
      expect(text).toMatch(/^Joe: /)
      expect(text.split("\n\n").at(-1)).toMatch(/^Unknown voice: /)
      expect(text.match(/Joe: /g), "one turn, however many sentences").toHaveLength(1)

      const { chunks } = await client.api(
        "POST /rag/query2",
        { body: { query: "the bag of the vacuum cleaner", collection_ids: [recordings] } },
        signal,
      )
      expect(chunks[0]?.chunk).toContain("Joe: ")
    })
  },
)
