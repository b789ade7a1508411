import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { openSettings, type Settings } from "#app/settings.ts"
import { createTuning } from "#app/tuningService.ts"
import { createTurnSounds, type TurnSounds } from "#app/turnSounds.ts"
import { openWav } from "#audio/wavFile.ts"
import type { Follow } from "#chat/runTurn.ts"
import type { ListeningEvent } from "#contract/tuning.ts"
import { roles } from "#core/access.ts"
import { type Actor, guestActor, ownerActor } from "#core/actor.ts"
import type { AppConfig } from "#core/config.ts"
import { silentLogger } from "#core/logger.ts"
import { createSecrets } from "#ops/secrets/createSecrets.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { converse } from "#voice/conversation.ts"
import { createPauseHabit } from "#voice/endpointing.ts"
import { listen } from "#voice/listen.ts"
import { createTurnBench, type TurnBench } from "../fakes/turnBench.ts"
import {
  createLoudnessVad,
  createMemorySink,
  createScriptedSpeechToText,
  createToneSource,
} from "../fakes/voiceFakes.ts"

const question = "How long is the warranty of the coffee machine?"
const { signal } = new AbortController()

describe("the sound of spoken questions", () => {
  let dir: string
  let store: Store
  let settings: Settings
  let kept: TurnSounds
  let bench: TurnBench
  let ben: Actor
  let stranger: boolean

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "zenglow-sounds-"))
    store = await openSqliteStore({ file: join(dir, "zenglow.db"), backupDir: join(dir, "backups"), log: silentLogger })
    const { id } = await store.people.create(ownerActor, { name: "Ben", role: "adult" })
    ben = { personId: id, role: "adult", scopes: roles.adult.scopes }
    settings = await openSettings(store.settings, { origins: {} } as AppConfig, [ben])
    const secrets = await createSecrets({
      ...{ dataDir: dir, environment: {}, keychain: null, passphrase: null },
      log: silentLogger,
    })
    kept = createTurnSounds({
      ...{ sounds: store.turnSounds, secrets, settings, actors: () => [ownerActor, ben] },
      log: silentLogger,
    })
    stranger = false
    bench = await createTurnBench({
      store,
      composes: null,
      soundKeeper: kept.keeper,
      followVoice: async (turn) => {
        const { actor, conversation, parentId, persona } = turn
        const guest: Follow = {
          asker: guestActor,
          actor,
          conversation,
          parentId,
          history: [],
          persona,
          collectionIds: [],
          person: null,
        }
        return stranger ? guest : null
      },
      voice: {
        openVoice: () => ({
          source: createToneSource({ speechMs: 1200 }),
          ...{ sink: createMemorySink(), streamId: 1, release() {}, heard() {}, async close() {} },
        }),
        speakAnswer: (events) => events,
        async *runVoice({ source }, { ask }, inner) {
          for await (const _ of source.frames(inner));
          yield { type: "speaker", identified: null, similarity: 0.1, threshold: 0.5 }
          yield { type: "stt-end", text: question, audioMs: 1200, confidence: 1 }
          yield* ask(question, inner)
        },
      },
    })
  })
  afterEach(async () => {
    await kept.close()
    await bench.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const say = (options = {}) => bench.ask("", { kind: "voice", source: { type: "socket", streamId: 1 }, options })
  const filesWith = (bytes: string | Buffer): string[] =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(bytes))
      .map(({ name }) => name)

  it("is kept only for somebody who asked for it, and then plays what was heard", async () => {
    await say()
    expect(await kept.sounds(ownerActor)).toEqual([])
    await settings.change(ownerActor, { keepTurnSound: true })
    const asked = await say()
    const [sound] = await kept.sounds(ownerActor)
    expect(sound).toMatchObject({ durationMs: 2000 })
    const messages = await store.messages.list(ownerActor, asked.turn.conversationId ?? "", { limit: 5 })
    expect(messages.items[0]).toMatchObject({ id: sound?.messageId, role: "user", text: question })
    const wav = openWav(await kept.sound(ownerActor, sound?.messageId ?? ""))
    expect(wav).toMatchObject({ sampleRate: 16_000, frames: 32_000 })
    const samples = wav.read(0, wav.frames)
    expect(Math.max(...samples.subarray(0, 6000)), "silence before").toBe(0)
    expect(Math.max(...samples.subarray(8000, 20_000)), "the tone").toBeGreaterThan(0.25)
  })

  it("is nobody else's choice, and nobody else's to hear", async () => {
    await settings.change(ownerActor, { keepTurnSound: true })
    expect(settings.values(ben).keepTurnSound).toBe(false)
    await say()
    const [sound] = await kept.sounds(ownerActor)
    expect(await kept.sounds(ben)).toEqual([])
    await expect(kept.sound(ben, sound?.messageId ?? "")).rejects.toMatchObject({ code: "message.not-found" })
    await expect(kept.deleteSound(ben, sound?.messageId ?? "")).rejects.toMatchObject({ code: "message.not-found" })
    await settings.change(ben, { keepTurnSound: false })
    expect(await kept.sounds(ownerActor)).toHaveLength(1)
  })

  it("of a stranger, or of a temporary chat, is not kept", async () => {
    await settings.change(ownerActor, { keepTurnSound: true })
    await say({ temporary: true })
    stranger = true
    await say()
    expect(await kept.sounds(ownerActor)).toEqual([])
  })

  it("lies sealed in the file, each to its own question", async () => {
    await settings.change(ownerActor, { keepTurnSound: true })
    await say()
    await say()
    const [second, first] = (await kept.sounds(ownerActor)).map(({ messageId }) => messageId)
    const wav = Buffer.from(await kept.sound(ownerActor, first ?? ""))
    // Where the tone stands, as it is in the file and as base64 of it, at any offset.
    const piece = wav.subarray(20_000, 20_060)
    expect(filesWith(piece)).toEqual([])
    for (const shift of [0, 1, 2])
      expect(
        filesWith(
          piece
            .subarray(shift, shift + 30)
            .toString("base64")
            .slice(0, 36),
        ),
      ).toEqual([])
    const theirs = await store.turnSounds.sealed(ownerActor, second ?? "")
    await store.turnSounds.delete(ownerActor, first ?? "")
    await store.turnSounds.add(ownerActor, { messageId: first ?? "", durationMs: 1, sealed: theirs }, 20)
    await expect(kept.sound(ownerActor, first ?? "")).rejects.toMatchObject({ code: "secrets.damaged" })
  })

  it("goes when it is deleted, when it is switched off, and with its chat", async () => {
    await settings.change(ownerActor, { keepTurnSound: true })
    const asked = [await say(), await say(), await say()]
    const [third, second] = await kept.sounds(ownerActor)
    const sealed = await store.turnSounds.sealed(ownerActor, third?.messageId ?? "")
    await kept.deleteSound(ownerActor, third?.messageId ?? "")
    expect(await kept.sounds(ownerActor)).toHaveLength(2)
    expect(filesWith(sealed.slice(60, 160)), "no byte stays").toEqual([])

    await store.conversations.delete(ownerActor, asked[1]?.turn.conversationId ?? "")
    await expect(kept.sound(ownerActor, second?.messageId ?? "")).rejects.toMatchObject({ code: "message.not-found" })
    await store.conversations.purge(ownerActor, 0)
    expect(await kept.sounds(ownerActor)).toHaveLength(1)

    await settings.change(ownerActor, { keepTurnSound: false })
    await vi.waitFor(async () => expect(await kept.sounds(ownerActor)).toEqual([]))
    await settings.change(ownerActor, { keepTurnSound: true })
    expect(await kept.sounds(ownerActor)).toEqual([])
  })
})

it("keeps of each person only the newest recordings", async () => {
  const dir = mkdtempSync(join(tmpdir(), "zenglow-sounds-"))
  const store = await openSqliteStore({ file: join(dir, "z.db"), backupDir: join(dir, "backups"), log: silentLogger })
  const { id: conversationId } = await store.conversations.create(ownerActor, {})
  const ids: string[] = []
  for (const text of ["one", "two", "three"]) {
    const parentId = ids.at(-1) ?? null
    const { id } = await store.messages.append(ownerActor, {
      conversationId,
      parentId,
      role: "user",
      text,
      kind: "voice",
    })
    ids.push(id)
    await store.turnSounds.add(ownerActor, { messageId: id, durationMs: 1, sealed: "sealed" }, 2)
  }
  expect((await store.turnSounds.list(ownerActor)).map(({ messageId }) => messageId)).toEqual([ids[2], ids[1]])
  await store.close()
  rmSync(dir, { recursive: true, force: true })
})

describe("live scores", () => {
  const ofType = <T extends ListeningEvent["type"]>(events: ListeningEvent[], type: T) =>
    events.filter((event): event is Extract<ListeningEvent, { type: T }> => event.type === type)

  it("tell while somebody speaks how sure each detector is, beside what it is held against", async () => {
    const scores: ListeningEvent[] = []
    const detector = {
      ...{ modelId: "fake", isFallback: false, loadState: () => "loaded" as const },
      ...{ load: async () => undefined, unload: async () => undefined, completion: async () => 0.9 },
    }
    const source = createToneSource({ speechMs: 1600, tailMs: 4000 })
    const listening = listen(
      {
        source: {
          async *frames(inner) {
            for await (const frame of source.frames(inner)) {
              // Engines answer between frames.
              await new Promise((resolve) => setImmediate(resolve))
              yield frame
            }
          },
        },
        vad: createLoudnessVad(),
        speechToText: createScriptedSpeechToText("turn the lights on please now."),
        identify: async () => ({
          ...{ identified: { id: "1", name: "Ada" }, similarity: 0.71, threshold: 0.5, margin: 0.7 },
          ...{ candidates: [], net_speech_s: 1.6 },
        }),
        endpointing: { detector, habit: createPauseHabit() },
        onScore: (event) => scores.push(event),
      },
      {},
      signal,
    )
    for (let next = await listening.next(); !next.done; next = await listening.next());
    const speech = ofType(scores, "speech")
    expect(speech.length, "about ten a second of 2.4 s").toBeGreaterThan(15)
    expect(speech.length).toBeLessThan(35)
    expect(new Set(speech.map(({ threshold }) => threshold))).toEqual(new Set([0.5]))
    expect(speech.at(0)?.score).toBeLessThan(0.5)
    expect(Math.max(...speech.map(({ score }) => score))).toBeGreaterThan(0.9)
    const pauses = ofType(scores, "pause")
    expect(pauses.at(-1)).toMatchObject({ completion: 0.9 })
    expect(pauses.at(-1)?.silenceMs).toBeGreaterThanOrEqual((pauses.at(-1)?.waitMs ?? 0) - 100)
    expect(ofType(scores, "speaker")).toEqual([{ type: "speaker", similarity: 0.71, threshold: 0.5, name: "Ada" }])
  })

  it("go on between the turns of a conversation without hands", async () => {
    const scores: ListeningEvent[] = []
    await converse(
      {
        source: createToneSource({ leadMs: 3000, speechMs: 0, tailMs: 0 }),
        vad: createLoudnessVad(),
        speechToText: createScriptedSpeechToText("hello"),
        startTurn: async () => ({ turnId: "t", stop: async () => undefined }),
        onState: () => undefined,
        onScore: (event) => scores.push(event),
      },
      signal,
    )
    expect(ofType(scores, "speech").length).toBeGreaterThan(20)
  })

  it("are told to the person whose microphone it is, and to nobody else", () => {
    const tuning = createTuning({} as TurnSounds, silentLogger)
    const mine: ListeningEvent[] = []
    const theirs: ListeningEvent[] = []
    tuning.service.subscribe(ownerActor, (event) => mine.push(event))
    tuning.service.subscribe({ ...ownerActor, personId: "ben" }, (event) => theirs.push(event))
    tuning.tell(ownerActor, { type: "speech", score: 0.4, threshold: 0.5 })
    expect(mine).toHaveLength(1)
    expect(theirs).toEqual([])
  })
})
