import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openSpeakers } from "#app/speakerService.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeVad } from "#engines/fake/fakeVad.ts"
import type { SpeakerEncoder } from "#engines/types.ts"
import { createSecrets } from "#ops/secrets/createSecrets.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import type { Speakers } from "#voice/speakers.ts"
import { levelEncoder, levelRecording } from "../fakes/levelVoices.ts"

/** A voice is a direction; the encoder below reads it out of the samples' level. */
const signal = new AbortController().signal
const stranger = { personId: "stranger", scopes: [] }

const recording = (level: number, seconds: number): Float32Array => levelRecording(level, seconds, 0.3)

let directory: string
let store: Store
let current: SpeakerEncoder
let speakers: Speakers
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-speakers-"))
  store = await openSqliteStore({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    log: silentLogger,
  })
  current = levelEncoder()
  speakers = openSpeakers({
    profiles: store.voiceProfiles,
    encoder: async () => current,
    vad: async () => createFakeVad(),
    secrets: await createSecrets({
      dataDir: directory,
      environment: {},
      keychain: null,
      passphrase: null,
      log: silentLogger,
    }),
  })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const enroll = (name: string, level: number, hasConsent = true) =>
  speakers.enroll(ownerActor, { name, recordings: [recording(level, 3), recording(level, 3)], hasConsent }, signal)

describe("known voices", () => {
  it("tells who speaks, and says that a stranger is nobody who is known", async () => {
    await enroll("Ada", 0.2)
    await enroll("Ben", 0.4)
    const ada = await speakers.identify(ownerActor, recording(0.21, 3), signal)
    expect(ada.identified?.name).toBe("Ada")
    expect(ada.candidates.map(({ name }) => name)).toEqual(["Ada", "Ben"])
    const between = await speakers.identify(ownerActor, recording(0.3, 3), signal)
    expect(between.similarity).toBeGreaterThan(between.threshold)
    expect(between.identified, "as close to one as to the other").toBeNull()
    await speakers.forget(ownerActor, (await speakers.list(ownerActor))[1]?.id as string)
    expect((await speakers.identify(ownerActor, recording(0.4, 3), signal)).identified).toBeNull()
  })

  it("learns nothing without consent, from silence, from noise, from a cut-off recording, or from two voices", async () => {
    const attempt = (recordings: Float32Array[], hasConsent = true) =>
      speakers.enroll(ownerActor, { name: "Ada", recordings, hasConsent }, signal)
    await expect(attempt([recording(0.2, 5)], false)).rejects.toMatchObject({ code: "speaker.no-consent" })
    await expect(attempt([new Float32Array(80_000)])).rejects.toMatchObject({ code: "speaker.too-short" })
    await expect(attempt([recording(0.2, 2)])).rejects.toMatchObject({ code: "speaker.too-short" })
    const clipped = recording(0.2, 5).map((sample, n) => (n % 50 === 0 && n > 8000 && n < 80_000 ? 1 : sample))
    await expect(attempt([clipped])).rejects.toMatchObject({ code: "speaker.poor-quality" })
    await expect(attempt([recording(0.2, 3), recording(0.4, 3)])).rejects.toMatchObject({
      code: "speaker.poor-quality",
    })
    const halves = new Float32Array([...recording(0.2, 3), ...recording(0.4, 3)])
    await expect(attempt([halves])).rejects.toMatchObject({ code: "speaker.poor-quality" })
    expect(await speakers.list(ownerActor)).toEqual([])
  })

  it("adds to a profile of the same name, whatever its case, and only of the same voice", async () => {
    await enroll("Ada", 0.2)
    const more = await speakers.enroll(
      ownerActor,
      { name: "ada", recordings: [recording(0.21, 5), recording(0.2, 5)], hasConsent: true },
      signal,
    )
    expect(more).toMatchObject({ samples: 4, isStrong: true })
    await expect(enroll("Ada", 0.4)).rejects.toMatchObject({ code: "speaker.poor-quality" })
    expect(await speakers.list(ownerActor)).toMatchObject([{ name: "Ada", samples: 4, is_strong: true }])
  })

  it("shows a person nobody else's voices", async () => {
    await enroll("Ada", 0.2)
    expect(await speakers.list(stranger)).toEqual([])
    expect((await speakers.identify(stranger, recording(0.2, 3), signal)).candidates).toEqual([])
  })

  it("asks for a new recording when the model changed, and never compares across models", async () => {
    await enroll("Ada", 0.2)
    current = levelEncoder("space-b")
    expect(await speakers.list(ownerActor)).toMatchObject([{ is_outdated: true }])
    expect((await speakers.identify(ownerActor, recording(0.2, 3), signal)).identified).toBeNull()
    await expect(enroll("Ada", 0.2)).rejects.toMatchObject({ code: "speaker.outdated" })
  })

  it("knows the others when one profile is corrupt, and asks to record that one again", async () => {
    await enroll("Ada", 0.2)
    await enroll("Ben", 0.4)
    const ada = (await store.voiceProfiles.list(ownerActor)).find(({ name }) => name === "Ada")
    const sealed = JSON.parse(ada?.sealed ?? "") as { data: string }
    const swapped = { ...sealed, data: `${sealed.data.startsWith("A") ? "B" : "A"}${sealed.data.slice(1)}` }
    for (const corrupt of [JSON.stringify(swapped), '{"nonce":', ""]) {
      await store.voiceProfiles.replace(ownerActor, ada?.id ?? "", { fingerprint: "space-a", sealed: corrupt })
      const listed = await speakers.list(ownerActor)
      expect(listed.map(({ name, is_outdated }) => [name, is_outdated])).toEqual([
        ["Ada", true],
        ["Ben", false],
      ])
      expect((await speakers.identify(ownerActor, recording(0.4, 3), signal)).identified?.name).toBe("Ben")
      expect((await speakers.identify(ownerActor, recording(0.2, 3), signal)).identified).toBeNull()
      await expect(enroll("Ada", 0.2)).rejects.toMatchObject({ code: "speaker.outdated" })
    }
    await speakers.forget(ownerActor, ada?.id ?? "")
    await enroll("Ada", 0.2)
    expect((await speakers.identify(ownerActor, recording(0.2, 3), signal)).identified?.name).toBe("Ada")
  })

  it("keeps what a voice is like encrypted, and leaves nothing of it behind", async () => {
    const { profileId } = await enroll("Ada", 0.2)
    const [profile] = await store.voiceProfiles.list(ownerActor)
    const sealed = profile?.sealed ?? ""
    expect(sealed).not.toContain("netSpeechSeconds")
    const files = async (): Promise<Buffer> =>
      Buffer.concat(
        await Promise.all(
          (await readdir(directory))
            .filter((name) => name.startsWith("zenglow.db"))
            .map((name) => readFile(join(directory, name))),
        ),
      )
    const piece = (JSON.parse(sealed) as { data: string }).data.slice(0, 40)
    expect((await files()).includes(piece)).toBe(true)
    expect((await files()).includes("netSpeechSeconds"), "no plain profile").toBe(false)
    await speakers.forget(ownerActor, profileId)
    expect((await files()).includes(piece)).toBe(false)
  })
})
