import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type CommandLine, createCommandLine } from "../fakes/commandLine.ts"

describe("tools from the command line", { timeout: 60_000 }, () => {
  let cli: CommandLine
  beforeEach(() => {
    cli = createCommandLine()
  })
  afterEach(() => cli.close())

  it("calls one, and refuses what is no object of arguments", async () => {
    const called = await cli.run(["tools", "call", "calculate", '{"expression":"2^10"}', "--json"])
    expect(JSON.parse(called.stdout)).toEqual({ value: "1024" })
    expect((await cli.run(["tools", "call", "calculate", "[1]"])).code).toBe(2)
    expect((await cli.run(["tools", "call", "nothing"])).code).toBe(1)
  })
})
