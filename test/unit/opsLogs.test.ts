import { Writable } from "node:stream"
import { describe, expect, it } from "vitest"
import { logLine } from "#contract/ops.ts"
import { loadConfig } from "#core/config.ts"
import { createLogger, requestContext } from "#core/logger.ts"
import { redact } from "#core/redact.ts"
import { viewConfig } from "#ops/configView.ts"
import { createLogBuffer } from "#ops/logBuffer.ts"

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })

function fill(count: number, capacity?: number) {
  const buffer = createLogBuffer(capacity)
  for (let n = 1; n <= count; n++) buffer.tap({ level: n % 10 === 0 ? "error" : "info", time: n, msg: `line ${n}` })
  return buffer
}

describe("the log ring", () => {
  it("takes what the logger writes, with the request it belongs to", () => {
    const buffer = createLogBuffer()
    const log = createLogger({ level: "debug", json: true, destination: nowhere, tap: buffer.tap })
    requestContext.run({ requestId: "r-1" }, () => log.warn("model slow", { model: "small", ms: 12 }))
    const [line] = buffer.recent({ limit: 10 }).lines
    expect(logLine.parse(line)).toMatchObject({
      level: "warn",
      msg: "model slow",
      request_id: "r-1",
      fields: { model: "small", ms: 12 },
    })
  })

  it("gives the newest lines first asked, then each later one once", () => {
    const buffer = fill(30)
    const first = buffer.recent({ limit: 3 })
    expect(first.lines.map(({ msg }) => msg)).toEqual(["line 28", "line 29", "line 30"])
    expect(buffer.recent({ limit: 3, since: first.next })).toEqual({ lines: [], next: first.next })
    for (let n = 31; n <= 35; n++) buffer.tap({ level: "info", time: n, msg: `line ${n}` })
    const second = buffer.recent({ limit: 3, since: first.next })
    const third = buffer.recent({ limit: 3, since: second.next })
    expect([...second.lines, ...third.lines].map(({ msg }) => msg)).toEqual(
      [31, 32, 33, 34, 35].map((n) => `line ${n}`),
    )
  })

  it("leaves out lighter levels, and forgets the oldest beyond its capacity", () => {
    const buffer = fill(100, 25)
    expect(buffer.recent({ limit: 100 }).lines).toHaveLength(25)
    expect(buffer.recent({ limit: 100, level: "error" }).lines.map(({ ts }) => ts)).toEqual([80, 90, 100])
  })

  it("finds lines by component, request, turn and words", () => {
    const buffer = createLogBuffer()
    buffer.tap({ level: "info", time: 1, msg: "Engine started", host: "llm", requestId: "r-1" })
    buffer.tap({ level: "warn", time: 2, msg: "slow", component: "rag", turnId: "t-1", path: "Notes.md" })
    buffer.tap({ level: "info", time: 3, msg: "idle" })
    const found = (filter: Partial<Parameters<typeof buffer.recent>[0]>) =>
      buffer.recent({ limit: 10, ...filter }).lines.map(({ ts }) => ts)
    expect(found({ component: "llm" })).toEqual([1])
    expect(found({ component: "core" })).toEqual([3])
    expect(found({ request: "r-1" })).toEqual([1])
    expect(found({ request: "t-1" })).toEqual([2])
    expect(found({ text: "notes.MD" })).toEqual([2])
    expect(found({ text: "notes", level: "error" })).toEqual([])
  })

  it("tells each new line to whoever follows, until they stop", () => {
    const buffer = createLogBuffer()
    const heard: string[] = []
    const end = buffer.onLine(({ msg }) => heard.push(msg))
    buffer.tap({ level: "info", time: 1, msg: "one" })
    end()
    buffer.tap({ level: "info", time: 2, msg: "two" })
    expect(heard).toEqual(["one"])
  })

  it.each([
    ["Authorization: Bearer abcdef0123456789", "abcdef0123456789"],
    ["using key zg_live_0123456789abcdef", "0123456789abcdef"],
    ["fetching https://me:hunter22@example.org/x", "hunter22"],
    ["open http://127.0.0.1:9071/#ticket=abcdefghijkl", "abcdefghijkl"],
  ])("hides the secret in %j", (text, secret) => {
    const buffer = createLogBuffer()
    const written: string[] = []
    const destination = new Writable({
      write: (chunk, _encoding, done) => done(void written.push(String(chunk)) as never),
    })
    const file = { write: (line: string) => void written.push(line) }
    const log = createLogger({ level: "info", json: false, destination, file, tap: buffer.tap })
    log.info(text, { detail: { list: [text] }, apiKey: secret, tokens: 3, error: new Error(text) })
    written.push(JSON.stringify(buffer.recent({ limit: 1 })))
    expect(written).toHaveLength(3)
    for (const shown of written) {
      expect(shown).not.toContain(secret)
      expect(shown).toMatch(/tokens"?[:=]3/)
    }
    expect(redact(text)).toContain("[hidden]")
  })
})

it("shows each configuration value by its variable with its origin, and masks secrets", () => {
  const config = loadConfig(
    { dataDir: "/nowhere/at/all", port: 1234 },
    {
      ZENGLOW_API_KEY: "a-very-secret-key-value",
      LOG_LEVEL: "debug",
      ZENGLOW_ALLOWED_ORIGINS: "https://me:hunter22@example.org",
    },
  )
  const items = viewConfig(config)
  const item = (name: string) => items.find((one) => one.name === name)
  expect(item("ZENGLOW_PORT")).toEqual({ name: "ZENGLOW_PORT", value: "1234", origin: "flag", variable: null })
  expect(item("ZENGLOW_LOG_LEVEL")).toMatchObject({ value: "debug", origin: "env" })
  expect(item("ZENGLOW_API_KEY")).toMatchObject({ name: "ZENGLOW_API_KEY", value: "[hidden]", origin: "env" })
  expect(item("ZENGLOW_CHAT_MODEL")).toMatchObject({ value: null, origin: "default" })
  expect(JSON.stringify(items)).not.toMatch(/secret-key|hunter22/)
})
