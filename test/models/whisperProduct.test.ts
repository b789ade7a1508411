import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import OpenAI, { toFile } from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createClient } from "#cli/client.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { modelsDir, moonshineFiles, sileroPath, whisperFiles } from "./modelFiles.ts"
import { wordErrors } from "./wordErrors.ts"

/** The whole product with two speech-to-text models, from outside. */

const isInstalled = [whisperFiles("whisper-tiny-en").decoderPath, moonshineFiles.decoderPath, sileroPath].every(
  existsSync,
)
const path = fileURLToPath(new URL("../fixtures/speech/vacuum-bag.opus", import.meta.url))
const question = "When does the bag of the vacuum cleaner need to be replaced?"
const { signal } = new AbortController()

describe.skipIf(!isInstalled)("the product with Whisper beside Moonshine", () => {
  let cli: CommandLine
  let served: Awaited<ReturnType<CommandLine["serve"]>>
  let openai: OpenAI
  beforeAll(async () => {
    cli = createCommandLine({ ZENGLOW_MODELS_DIR: modelsDir })
    served = await cli.serve()
    openai = new OpenAI({ baseURL: `${served.baseUrl}/v1`, apiKey: served.key, maxRetries: 0 })
  })
  afterAll(() => cli.close())

  const transcribed = async (): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await cli.run(["transcribe", path, "--json"])
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout)
  }
  const file = async () => toFile(await readFile(path), "question.opus")

  it("listens with the model that Settings name, and with its default again", async () => {
    const client = createClient(served.baseUrl, served.key)
    expect(await transcribed()).toMatchObject({ model: "moonshine-tiny-en" })
    await client.api("PATCH /api/settings", { body: { sttModel: "whisper-tiny-en" } }, signal)
    const heard = await transcribed()
    expect(heard).toMatchObject({ model: "whisper-tiny-en", language: "en" })
    expect(wordErrors(question, String(heard.transcript)).errors).toBe(0)
    await client.api("PATCH /api/settings", { body: { sttModel: null } }, signal)
    expect(await transcribed()).toMatchObject({ model: "moonshine-tiny-en" })
  })

  it("transcribes with the model that an OpenAI client names, and says that it cannot translate", async () => {
    const srt = await openai.audio.transcriptions.create({
      file: await file(),
      model: "whisper-tiny-en",
      response_format: "srt",
    })
    expect(String(srt)).toMatch(/^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\nWhen does the bag/)
    const translation = openai.audio.translations.create({ file: await file(), model: "whisper-tiny-en" })
    await expect(translation).rejects.toThrow("translates nothing")
    const unknown = openai.audio.transcriptions.create({ file: await file(), model: "whisper-huge" })
    await expect(unknown).rejects.toMatchObject({ status: 404 })
  })
})
