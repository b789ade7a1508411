import { afterEach, expect, it, vi } from "vitest"
import { reportFailure } from "../../main/cli/output.ts"

afterEach(() => vi.restoreAllMocks())

it("an unforeseen failure says how to see more, and shows it only when asked", () => {
  const written: string[] = []
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0)
  const failure = new TypeError("role is not one of these")
  expect(reportFailure(failure, false)).toBe(1)
  expect(written.join("")).toContain("--log-level debug")
  expect(written.join("")).not.toContain("role is not one of these")
  written.length = 0
  reportFailure(failure, false, { isVerbose: true })
  expect(written.join("")).toContain("role is not one of these")
})
