import { Writable } from "node:stream"
import { expect, it } from "vitest"
import { createHiddenValues, createLogger, requestContext } from "#core/logger.ts"

it("stamps every line of a request with its id, and with no other line's fields", () => {
  const lines: Record<string, unknown>[] = []
  const destination = new Writable({ write: (_chunk, _encoding, done) => done() })
  const log = createLogger({ level: "info", json: true, destination, tap: (line) => lines.push(line) })
  requestContext.run({ requestId: "r1" }, () => {
    log.info("model loaded", { loadMs: 12 })
    log.info("answered")
  })
  log.info("idle")
  const fields = lines.map(({ level: _level, time: _time, ...rest }) => rest)
  expect(fields).toEqual([
    { requestId: "r1", loadMs: 12, msg: "model loaded" },
    { requestId: "r1", msg: "answered" },
    { msg: "idle" },
  ])
})

it("hides a known secret wherever it stands in a line, also in an error's stack", () => {
  const lines: string[] = []
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  const hidden = createHiddenValues()
  hidden.add('canary "one"')
  const log = createLogger({ level: "info", json: false, destination, hidden })
  log.warn('the server said: canary "one"', {
    url: 'http://host/?k=canary "one"',
    error: new Error('bad canary "one"'),
  })
  expect(lines.join("")).toContain("[hidden]")
  expect(lines.join("")).not.toContain("canary")
})

it("writes other levels from the moment it is told to, children made earlier included", () => {
  const messages: unknown[] = []
  const destination = new Writable({ write: (_chunk, _encoding, done) => done() })
  const log = createLogger({ level: "warn", json: true, destination, tap: ({ msg }) => messages.push(msg) })
  const child = log.child({ component: "rag" })
  child.info("before")
  log.setLevel("debug")
  child.debug("after")
  log.setLevel("silent")
  child.error("never")
  expect(messages).toEqual(["after"])
})
