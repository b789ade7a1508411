import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { roles } from "#core/access.ts"
import { ownerActor } from "#core/actor.ts"
import { createKeyring, readFirstRunKey } from "#server/keys.ts"
import { createRateLimit } from "#server/rateLimit.ts"
import { createSessions } from "#server/sessions.ts"
import { decodeAudioFrame, encodeAudioFrame } from "#server/socket.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zenglow-keys-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe("the first-run key", () => {
  it("is made once, even by processes that start together, and only its owner can read it", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => readFirstRunKey(directory, null)))
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^zg_[\w-]{43}$/)
    expect(readFileSync(join(directory, "api-key"), "utf8").trim()).toBe(keys[0])
    expect(readdirSync(directory)).toEqual(["api-key"])
    if (process.platform !== "win32") expect(statSync(join(directory, "api-key")).mode & 0o777).toBe(0o600)
  })

  it("loses the rights that others were given", async () => {
    const key = await readFirstRunKey(directory, null)
    chmodSync(join(directory, "api-key"), 0o644)
    expect(await readFirstRunKey(directory, null)).toBe(key)
    if (process.platform !== "win32") expect(statSync(join(directory, "api-key")).mode & 0o777).toBe(0o600)
  })

  it("gives way to a configured one, which is not written down", async () => {
    expect(await readFirstRunKey(directory, "configured-key-of-mine")).toBe("configured-key-of-mine")
    expect(readdirSync(directory)).toEqual([])
  })

  it("is never an empty file's content", async () => {
    writeFileSync(join(directory, "api-key"), "\n")
    await expect(readFirstRunKey(directory, null)).rejects.toMatchObject({ code: "config.invalid" })
  })
})

describe("a session", () => {
  it("outlives its ticket, is renewed by use, and ends after seven days without any", () => {
    let now = 0
    const sessions = createSessions({ now: () => now, actorOf: () => ownerActor, startsAs: () => ownerActor.personId })
    const { token } = sessions.redeem(sessions.mintTicket())
    const day = 24 * 3_600_000
    now = 6 * day
    expect(sessions.find(token)?.actor.scopes).toEqual(["owner", "window"])
    now = 12 * day
    expect(sessions.find(token)).not.toBeNull()
    now = 19 * day
    expect(sessions.find(token)).toBeNull()
  })

  it("is not given for a ticket that is too old or made up", () => {
    let now = 0
    const sessions = createSessions({ now: () => now, actorOf: () => ownerActor, startsAs: () => ownerActor.personId })
    const ticket = sessions.mintTicket()
    now = 2 * 60_000
    expect(() => sessions.redeem(ticket)).toThrow(/ticket/)
    expect(() => sessions.redeem("made-up-ticket-of-mine")).toThrow(/ticket/)
  })
})

describe("a key", () => {
  it("never carries a scope beyond its person's role, and none once they are gone", async () => {
    const scopes = ["chat", "rag", "admin", "dataset"]
    const key = {
      id: "k",
      name: "",
      scopes,
      prefix: "",
      createdAt: 0,
      lastUsedAt: null,
      isFirstRun: false,
      ownerId: "ben",
    }
    let role: "adult" | null = "adult"
    const keyring = createKeyring({
      firstRunKey: "zg_first",
      store: {
        create: async () => key,
        list: async () => [],
        findByHash: async () => key,
        touch: async () => {},
        delete: async () => {},
      },
      now: () => 0,
      actorOf: (personId) => (role ? { personId, role, scopes: roles[role].scopes } : null),
    })
    expect((await keyring.find("zg_bens"))?.actor).toEqual({
      personId: "ben",
      role: "adult",
      scopes: ["chat", "rag", "dataset"],
    })
    role = null
    expect(await keyring.find("zg_bens")).toBeNull()
  })
})

describe("the rate limit", () => {
  it("refills evenly and keeps keys apart", () => {
    let now = 0
    const limit = createRateLimit(10, () => now)
    for (let count = 0; count < 10; count++) limit.take("a")
    expect(() => limit.take("a")).toThrow(/Too many/)
    limit.take("b")
    now = 1000
    limit.take("a")
    expect(() => limit.take("a")).toThrow(/Too many/)
  })
})

describe("audio frames", () => {
  it("come back as they were sent", () => {
    const frame = decodeAudioFrame(encodeAudioFrame(0xffffffff, 7, Buffer.from([1, 2, 3, 4])))
    expect(frame).toMatchObject({ streamId: 0xffffffff, sequence: 7 })
    expect([...frame.pcm]).toEqual([1, 2, 3, 4])
  })

  it("with half a sample or half a header are refused", () => {
    for (const length of [0, 7, 9]) expect(() => decodeAudioFrame(Buffer.alloc(length))).toThrow(/audio frame/)
  })
})
