import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"

const verbs = [
  ["serve"],
  ["ask"],
  ["ingest"],
  ["talk"],
  ["transcribe"],
  ["say"],
  ["voices"],
  ["doctor"],
  ["models"],
  ["models", "list"],
  ["models", "pull"],
  ["models", "verify"],
  ["models", "import"],
  ["models", "rm"],
]

interface Answer {
  answer: string
  found: boolean
  citations: { n: number; title: string; path: string; text: string }[]
  model: string | null
  timings: Record<string, number>
}

describe("the command line without models", { timeout: 60_000 }, () => {
  let cli: CommandLine
  beforeAll(() => {
    cli = createCommandLine()
  })
  afterAll(() => cli.close())

  it("explains every verb on stdout and ends with 0", async () => {
    for (const verb of verbs) {
      const help = await cli.run([...verb, "--help"])
      expect(help, String(verb)).toMatchObject({ code: 0, stderr: "" })
      expect(help.stdout).toContain(`Usage: zenglow ${verb.join(" ")}`)
    }
  })

  it.each([
    [["bogus"], "unknown command 'bogus'"],
    [["models", "bogus"], "unknown command 'bogus'"],
    [["ask", "why?", "--bogus"], "unknown option '--bogus'"],
    [["ask"], "missing required argument 'question'"],
    [["talk", "in.wav"], "--out"],
    [["serve", "--port", "seventy"], "A port is a number from 0 to 65535"],
    [["audit", "--limit", "all"], "from 1 to 200"],
    [["say", "hello", "--out", "voice.exe"], ".exe is not a sound format"],
  ])("ends with 2 and says what is wrong with %j", async (args, reason) => {
    const { code, stdout, stderr } = await cli.run([...args, "--json"])
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "request.invalid" } })
  })

  it("answers from the sample documents on the very first call, with citations that quote them", async () => {
    const { code, stdout, stderr } = await cli.run(["ask", "How often should the filter be changed?", "--json"])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const result = JSON.parse(stdout) as Answer
    expect(result).toMatchObject({ found: true, model: null })
    expect(result.answer).toContain("every 4 weeks")
    expect(result.citations.map((citation) => citation.path)).toContain("water-filter-jug.md")
    for (const { n, text } of result.citations) {
      expect(result.answer).toContain(`[${n}]`)
      expect(text.length).toBeGreaterThan(20)
    }
    expect(stderr).toContain("Offline")
  })

  it("ends with 3 when the documents do not answer", async () => {
    const { code, stdout } = await cli.run(["ask", "Who won the football world cup in 1954?", "--json"])
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ found: false, citations: [] })
  })

  it("keeps a collection per real path, reads it once, and follows changes", async () => {
    const docs = join(cli.dataDir, "..", "my 'odd' földer ☂")
    mkdirSync(docs)
    writeFileSync(join(docs, "boat note.md"), "# Boat\n\nThe anchor of the Merlin weighs 14 kilograms.\n")
    const ask = async () => {
      const { code, stdout } = await cli.run([
        "ask",
        "How heavy is the anchor of the Merlin?",
        "--docs",
        docs,
        "--json",
      ])
      expect(code).toBe(0)
      return JSON.parse(stdout) as Answer
    }
    expect((await ask()).answer).toContain("14 kilograms")
    const first = JSON.parse((await cli.run(["ingest", docs, "--json"])).stdout)
    expect(first).toMatchObject({ ready: 1, failed: [] })
    writeFileSync(join(docs, "boat note.md"), "# Boat\n\nThe anchor of the Merlin weighs 15 kilograms.\n")
    expect((await ask()).answer).toContain("15 kilograms")
    const second = JSON.parse((await cli.run(["ingest", join(docs, "..", "my 'odd' földer ☂"), "--json"])).stdout)
    expect(second.collections).toEqual(first.collections)
  })

  it("takes Ctrl-C in the middle of a folder, and reads the rest when asked again", async () => {
    const docs = join(cli.dataDir, "..", "many")
    mkdirSync(docs)
    const count = 150
    for (let index = 0; index < count; index++)
      writeFileSync(join(docs, `${index}.txt`), `Locker ${index} belongs to the ${index}th rower of the club.`)
    const interrupted = cli.start(["ingest", docs, "--json"])
    const begun = new Promise<void>((resolve) => {
      interrupted.child.stderr?.on("data", (text: string) => {
        if (/many/.test(text)) resolve()
      })
    })
    await Promise.race([begun, interrupted.ended])
    interrupted.child.kill("SIGINT")
    const { code, stdout } = await interrupted.ended
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" })
    const again = JSON.parse((await cli.run(["ingest", docs, "--json"])).stdout)
    expect(again).toMatchObject({ ready: count, failed: [] })
  })

  it("reports a bad file by name and takes the rest of the folder", async () => {
    const docs = join(cli.dataDir, "..", "mixed")
    mkdirSync(docs)
    writeFileSync(join(docs, "empty.txt"), "")
    writeFileSync(join(docs, "broken.pdf"), "%PDF-1.7 and nothing more")
    writeFileSync(join(docs, "fine.txt"), "The ladder is stored behind the boiler in the cellar.")
    const { code, stdout, stderr } = await cli.run(["ingest", docs, "--json"])
    expect(code).toBe(0)
    const result = JSON.parse(stdout) as { ready: number; failed: { path: string; error: { code: string } }[] }
    expect(result.ready).toBe(1)
    expect(result.failed.map(({ path }) => path).sort()).toEqual(["mixed/broken.pdf", "mixed/empty.txt"])
    expect(stderr).toContain("broken.pdf")

    // Of another run into the same collection only what belongs to it is told.
    const shelf = join(cli.dataDir, "..", "shelf")
    mkdirSync(shelf)
    writeFileSync(join(shelf, "good.txt"), "The key of the shed hangs beside the door.")
    await cli.run(["ingest", docs, "--collection", "Both", "--json"])
    const other = await cli.run(["ingest", shelf, "--collection", "Both", "--json"])
    expect(JSON.parse(other.stdout)).toMatchObject({ ready: 1, failed: [] })
    const broken = join(docs, "broken.pdf")
    expect((await cli.run(["ingest", broken, "--collection", "Alone", "--json"])).code).toBe(1)
  })

  it.each([
    [["ask", "why?", "--docs", "/nowhere/at/all"], "document.unreadable"],
    [["ingest", "/nowhere/at/all"], "document.unreadable"],
    [["ask", "why?", "--collection", "nothing of that name"], "collection.not-found"],
    [["transcribe", "/nowhere.wav"], "request.invalid"],
    [["models", "rm", "no-such-model"], "model.not-found"],
    [["models", "pull", "no-such-model"], "model.not-found"],
    [["models", "pull", "silero-vad-v6"], "download.offline"],
    [["say", "hello", "--out", "hello.wav"], "model.missing"],
  ])("fails %j with the code %s and a remedy", async (args, code) => {
    const result = await cli.run([...args, "--json"])
    expect(result.code).not.toBe(0)
    const { error } = JSON.parse(result.stdout) as { error: { code: string; message: string } }
    expect(error.code).toBe(code)
    expect(result.stderr).toContain(error.message)
  })

  it("lists models, voices and findings as one JSON document each", async () => {
    const list = await cli.run(["models", "list", "--json"])
    expect(list.code).toBe(0)
    expect(JSON.parse(list.stdout).items.length).toBeGreaterThan(4)
    expect(JSON.parse((await cli.run(["voices", "--json"])).stdout)).toEqual({ voices: [], default: null })
    const doctor = JSON.parse((await cli.run(["doctor", "--json"])).stdout) as { findings: { code: string }[] }
    expect(doctor.findings.length).toBeGreaterThan(4)
  })

  it("keeps its key to itself", async () => {
    const key = readFileSync(join(cli.dataDir, "api-key"), "utf8").trim()
    const served = await cli.serve({ env: { ZENGLOW_LOG_LEVEL: "debug" } })
    const asked = await cli.run(["ask", "Where is the main valve?", "--log-level", "debug"])
    const checked = await cli.run(["doctor"])
    served.child.kill("SIGTERM")
    const { stdout, stderr } = await served.ended
    for (const text of [stdout, stderr, asked.stdout, asked.stderr, checked.stdout, checked.stderr])
      expect(text).not.toContain(key)
  })
})
