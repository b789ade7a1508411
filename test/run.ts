/** Runs the tests, with Vitest's own arguments, and ends with the plain line "N passed, N failed, N skipped". */
import { fileURLToPath } from "node:url"
import { parseCLI, startVitest, type Vitest } from "vitest/node"

const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)])
const config = fileURLToPath(new URL("./vitest.config.ts", import.meta.url))
const vitest = await startVitest("test", filter, { ...options, config, watch: false })
await runCrashedAgain(vitest)
process.stdout.write(`\n${closingLine(vitest)}\n`)
await vitest.exit()

/**
 * Node itself can crash where threads that use WebAssembly come and go (nodejs/node#64500): a file whose process ended by a signal is
 * run once more, and the report says so. A second crash is a failure.
 */
async function runCrashedAgain(vitest: Vitest): Promise<void> {
  const { state } = vitest
  const errors = state.getUnhandledErrors()
  const crashed = state.getTestModules().filter(({ moduleId }) => errors.some((error) => isCrashOf(error, moduleId)))
  if (crashed.length === 0 || crashed.length !== errors.length) return
  process.stdout.write(`\nCrashed, run again: ${crashed.map(({ relativeModuleId }) => relativeModuleId).join(", ")}\n`)
  // What the first run failed by besides stays failed.
  process.exitCode = state.getCountOfFailedTests() > 0 ? 1 : undefined
  await vitest.runTestSpecifications(crashed.map(({ project, moduleId }) => project.createSpecification(moduleId)))
}

function isCrashOf(error: unknown, moduleId: string): boolean {
  const { message } = (error as { cause?: { message?: string } }).cause ?? {}
  return message !== undefined && /with signal \w+ /.test(message) && message.endsWith(` ${moduleId}`)
}

function closingLine({ state }: Vitest): string {
  const counts = { passed: 0, failed: state.getUnhandledErrors().length, skipped: 0 }
  for (const module of state.getTestModules()) {
    if (module.errors().length > 0) counts.failed++
    for (const test of module.children.allTests()) {
      const result = test.result().state
      if (result !== "pending") counts[result]++
    }
  }
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}
