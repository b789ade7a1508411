import { Writable } from "node:stream"
import { describe, expect, it } from "vitest"
import { inOneLine, inPlainText } from "#core/inOneLine.ts"
import { createLogger } from "#core/logger.ts"

/** Names and words that would forge a line, hide one, or drive a terminal. */
const hostile = [
  "report.pdf\n12:00:00.000 error the owner's key was deleted",
  "a\r\nb",
  "\u001b[2J\u001b[H cleared",
  "\u001b]0;title\u0007",
  "\u001b[8mhidden\u001b[0m",
  "\u009b31mred",
  "back\b\b\b\bwards",
  "null\u0000byte",
  "line\u2028separator\u2029",
  "turned\u202egpj.exe",
  "isolated\u2066text\u2069",
  '"}\n{"level":"error","msg":"forged"}',
]
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

const lineOf = (json: boolean, write: (log: ReturnType<typeof createLogger>) => void): string => {
  let out = ""
  const destination = new Writable({
    write(chunk, _encoding, done) {
      out += String(chunk)
      done()
    },
  })
  write(createLogger({ level: "info", json, destination }))
  return out
}

describe.each([
  ["lines to read", false],
  ["JSON lines", true],
])("%s", (_name, json) => {
  it.each(hostile)("are one line each, whatever %j is in them", (text) => {
    const written = lineOf(json, (log) => {
      log.warn("a file could not be read", { path: text, nested: { title: text }, error: new Error(text) })
      log.warn(text)
    })
    const lines = written.split("\n")
    expect(lines).toHaveLength(3)
    expect(lines.pop()).toBe("")
    for (const line of lines) {
      if (!json) expect(control.test(line)).toBe(false)
      // In JSON what ends a line is escaped; what turns its direction is the reader's to show.
      else expect(JSON.parse(line).level).toBe("warn")
    }
  })
})

it("what the command line prints drives no terminal, and keeps its lines", () => {
  for (const text of hostile) {
    expect(control.test(inOneLine(text))).toBe(false)
    expect(control.test(inPlainText(text).replaceAll(/[\n\t]/g, ""))).toBe(false)
  }
  expect(inPlainText("one\n\ttwo — Größe 5 €")).toBe("one\n\ttwo — Größe 5 €")
})
