import { Writable } from "node:stream"
import { expect, it } from "vitest"
import { createLogger, requestContext } from "#core/logger.ts"

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
