import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { level } from "#audio/level.ts"
import { createClient } from "#cli/client.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"
import { recordRate, type SoundServer, startSoundServer, whyNoSoundServer } from "../fakes/soundServer.ts"
import { modelsDir } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"
import { words } from "../models/wordErrors.ts"
import { type FollowedConversation, followConversation, type HeardTurn } from "./heardTurns.ts"

/** Without a language model: answers are quoted, so that what is said is known and comes at once. */
const needed = [
  "all-minilm-l6-v2",
  "silero-vad-v6",
  "moonshine-tiny-en",
  "hibari-heart",
  "smart-turn-v3.2",
  "campplus-zh-en",
  "whisper-tiny-en",
]
const absent = needed.filter((id) => !existsSync(join(modelsDir, id)))
const reason =
  (process.env.ZENGLOW_TEST_FULL ? null : "it is one of the long ones (npm run test:full)") ??
  whyNoSoundServer() ??
  (absent.length > 0 ? `models are missing: ${absent.join(", ")}` : null)
if (reason) process.stderr.write(`The conversation over devices is skipped: ${reason}.\n`)

const fixture = (path: string): string => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))
const { signal } = new AbortController()
const clip = async (path: string): Promise<Float32Array> =>
  (await decodeAudio(readFileSync(fixture(path)), { sampleRate: 16_000 }, signal)).samples

/** What is said, in order, by the person whose voice is known but for one. */
const script = [
  { file: "speech/water-filter.opus", words: ["water", "filter"] },
  { file: "speech/fridge-temperature.opus", words: ["refrigerator"] },
  { file: "speech/warranty.opus", words: ["warranty", "dishwasher"], isInterruption: true },
  { file: "speech/main-valve.opus", words: ["water", "valve"] },
  { file: "audio/LJ001-0030.opus", words: ["roman", "character"], isStranger: true },
  { file: "speech/smoke-alarm.opus", words: ["battery", "smoke"], isUnplugged: true },
  { file: "speech/descale-kettle.opus", words: ["vinegar", "kettle"] },
  { file: "speech/red-light.opus", words: ["light", "coffee"], isInterruption: true },
  { file: "speech/vacuum-bag.opus", words: ["bag", "vacuum"] },
  { file: "speech/oven-clean.opus", words: ["clean", "oven"] },
] as const

describe.skipIf(reason)("a conversation of ten turns over the machine's devices", () => {
  const scratch = mkdtempSync(join(tmpdir(), "zenglow-conversation-"))
  const host = startSpeechHost()
  let server: SoundServer
  let cli: CommandLine
  let conversation: FollowedConversation
  let turns: readonly HeardTurn[] = []
  let recordings: Float32Array[] = []

  beforeAll(async () => {
    for (const id of needed) symlinkSync(join(modelsDir, id), join(scratch, id))
    server = await startSoundServer()
    await server.plug("microphone", "desk")
    await server.plug("loudspeaker", "room")
    await server.plug("microphone", "headset")
    await server.plug("loudspeaker", "earphones")
    await server.setDefault("desk", "room")
    cli = createCommandLine({ ZENGLOW_MODELS_DIR: scratch, ...server.env })
    const served = await cli.serve()
    await cli.run(["ingest", fixture("speech/household"), "--collection", "Household", "--json"])
    const client = createClient(served.baseUrl, served.key)
    const { items } = await client.api("GET /api/collections", {})
    const household = items.find(({ name }) => name === "Household")
    const files = ["water-filter", "fridge-temperature", "warranty", "smoke-alarm", "red-light", "oven-clean"].map(
      (name) => new File([readFileSync(fixture(`speech/${name}.opus`))], `${name}.opus`),
    )
    await client.api("POST /audio/speaker/enroll", { fields: { name: "Joe", consent: "true" }, files })
    const { inputs, outputs } = await client.api("GET /audio/devices", {})
    await client.api("PUT /audio/devices/selection", {
      body: {
        input: inputs.find(({ name }) => name === "headset")?.id ?? null,
        output: outputs.find(({ name }) => name === "earphones")?.id ?? null,
      },
    })
    const speakers = [await server.record("room"), await server.record("earphones")]
    conversation = await followConversation(client, { collectionIds: household ? [household.id] : [] })
    await conversation.until(({ sound }) => sound?.input?.name === "headset" && sound.output?.name === "earphones")
    let microphone = "headset"
    const leaks = [await server.leak("earphones", "headset", 0.25)]
    for (const [index, line] of script.entries()) {
      if ("isUnplugged" in line) {
        await Promise.all(leaks.map((stop) => stop()))
        await server.unplug("headset")
        await server.unplug("earphones")
        await server.leak("room", "desk", 0.5)
        microphone = "desk"
        await conversation.until(({ sound }) => sound?.input?.name === "default" && sound.output?.name === "default")
      }
      const before = conversation.turns.length
      await server.say(microphone, await clip(line.file), 16_000)
      const isTalkedOver = "isInterruption" in (script[index + 1] ?? {})
      await conversation.until(({ phase }, all) => {
        const turn = all.slice(before).find(({ question }) => question !== null)
        if (isTalkedOver && phase === "speaking" && turn !== undefined && turn.spoken.length > 0) return true
        return phase === "waiting" && turn !== undefined && turn.endReason !== null
      })
    }
    await conversation.end()
    turns = conversation.turns
    recordings = await Promise.all(speakers.map((speaker) => speaker.stop()))
  }, 400_000)
  afterAll(async () => {
    await cli?.close()
    await server?.close()
    await host.client.stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  it("hears each of the ten as what was said", () => {
    if (process.env.ZENGLOW_TEST_SHOW) process.stderr.write(`${JSON.stringify(turns, null, 1)}\n`)
    expect(turns).toHaveLength(script.length)
    for (const [index, { words: expected }] of script.entries())
      for (const word of expected) expect(words(turns[index]?.question ?? "")).toContain(word)
  })

  it("stops when it is talked over, and at no other time", () => {
    const interrupted = turns.map(({ endReason }) => endReason === "aborted")
    expect(interrupted).toEqual(script.map((_, index) => "isInterruption" in (script[index + 1] ?? {})))
  })

  it("knows the voice it was taught, and no other", () => {
    const known = turns.map(({ speaker }) => speaker)
    expect(known).toEqual(script.map((line) => ("isStranger" in line ? null : "Joe")))
  })

  it("goes on with the default devices when the chosen ones are unplugged", () => {
    const [room, earphones] = recordings.map((samples) => samples.filter((sample) => Math.abs(sample) > 0.02).length)
    expect(earphones).toBeGreaterThan(recordRate)
    expect(room).toBeGreaterThan(recordRate)
    expect(turns.slice(5).every(({ errors, spoken }) => errors.length === 0 && spoken.length > 0)).toBe(true)
  })

  it("says aloud what it says that it says, to another listener's ear", async () => {
    const whisper = host.whisper("whisper-tiny-en")
    const [room = new Float32Array(), earphones = new Float32Array()] = recordings
    const whole = turns.filter(({ endReason }) => endReason !== "aborted").flatMap(({ spoken }) => spoken)
    const { text } = await whisper.transcribe(withoutSilence(concatSamples([earphones, room])), {}, signal)
    const heard = new Set(words(text))
    const said = whole.flatMap(words)
    const missed = said.filter((word) => !heard.has(word))
    expect(missed.length / said.length).toBeLessThan(0.15)
  })
})

/** Pauses longer than a breath say nothing. */
function withoutSilence(samples: Float32Array): Float32Array {
  const size = recordRate / 50
  const parts: Float32Array[] = []
  let quiet = 0
  for (let at = 0; at < samples.length; at += size) {
    const part = samples.subarray(at, at + size)
    quiet = level(part).peak < 0.005 ? quiet + 1 : 0
    if (quiet < 25) parts.push(part)
  }
  return concatSamples(parts)
}
