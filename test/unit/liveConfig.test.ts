import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { createLiveConfig } from "#app/liveConfig.ts"
import { ownerActor } from "#core/actor.ts"
import { loadConfig } from "#core/config.ts"
import { viewConfig } from "#ops/configView.ts"

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "zenglow-config-"))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))
const write = (value: unknown) => writeFileSync(join(dataDir, "config.json"), JSON.stringify(value))

it("names an unknown setting, and the one that was probably meant", () => {
  write({ prot: 9072 })
  expect(() => loadConfig({ dataDir }, {})).toThrow(
    expect.objectContaining({ code: "config.invalid", remedy: expect.stringContaining("Did you mean port?") }),
  )
  write({ somethingElseEntirely: 1 })
  expect(() => loadConfig({ dataDir }, {})).toThrow(
    expect.objectContaining({ remedy: expect.stringMatching(/^Remove/) }),
  )
})

it("starts with a stray variable, and says what it was probably meant to be", () => {
  const { warnings } = loadConfig({ dataDir }, { ZENGLOW_LOGLEVEL: "debug", ZENGLOW_SECRET_X: "y", PATH: "/bin" })
  expect(warnings).toEqual(["ZENGLOW_LOGLEVEL is no setting of ZenGlow. Did you mean ZENGLOW_LOG_LEVEL?"])
})

it("shows which alias a value came from; ours goes before an alias", () => {
  const shown = (env: Record<string, string>) =>
    viewConfig(loadConfig({ dataDir }, env)).find(({ name }) => name === "ZENGLOW_EMBED_MODEL")
  expect(shown({ EMBED_MODEL: "a" })).toMatchObject({ value: "a", origin: "env", variable: "EMBED_MODEL" })
  expect(shown({ EMBED_MODEL: "a", ZENGLOW_EMBED_MODEL: "b" })).toMatchObject({
    value: "b",
    variable: "ZENGLOW_EMBED_MODEL",
  })
  expect(shown({})).toMatchObject({ origin: "default", variable: null })
})

it("applies what is safe while running, leaves the rest for the next start, and tells both", async () => {
  write({ logLevel: "info" })
  const levels: string[] = []
  let told = 0
  const live = createLiveConfig(loadConfig({ dataDir }, {}), { setLevel: (level) => levels.push(level) }, async () => {
    told++
  })
  write({ logLevel: "debug", port: 9555, offline: true })
  const { changed } = await live.reload(ownerActor)
  expect(changed).toEqual([
    { name: "port", from: "9071", to: "9555", isApplied: false },
    { name: "offline", from: "false", to: "true", isApplied: true },
    { name: "logLevel", from: "info", to: "debug", isApplied: true },
  ])
  expect(levels).toEqual(["debug"])
  expect(told).toBe(1)
  expect(live.current).toMatchObject({ port: 9071, offline: true, logLevel: "debug" })
  expect(live.current.origins).toMatchObject({ offline: "file", port: "default" })
})

it("keeps everything as it is when the file is wrong, and never loses a flag to it", async () => {
  const live = createLiveConfig(loadConfig({ dataDir, logLevel: "warn" }, {}), { setLevel: () => {} }, async () => {})
  write({ logLevel: "loud", offline: true })
  expect(await live.reload(ownerActor)).toEqual({
    changed: [{ name: "offline", from: "false", to: "true", isApplied: true }],
  })
  write({ offlin: true })
  await expect(live.reload(ownerActor)).rejects.toMatchObject({ code: "config.invalid" })
  expect(live.current).toMatchObject({ logLevel: "warn", offline: true })
})
