#!/usr/bin/env node
/** `npm start` and `zenglow`: makes the clone ready, then runs the command line under Node 24. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { ensureBuilt, ensureInstalled, ensureSound, node24, root } from "./setup.mjs"

ensureInstalled()
ensureSound()
ensureBuilt()

// A small space for young objects: the core mostly waits, and 16 MB of them (times three) would stay resident.
const flags = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=4"]
const child = spawn(node24(), [...flags, join(root, "dist", "cli.mjs"), ...process.argv.slice(2)], { stdio: "inherit" })
// Ctrl-C reaches the whole group in a terminal; a supervisor signals only this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
child.on("error", (error) => {
  process.stderr.write(`ZenGlow did not start: ${error.message}\n`)
  process.exit(1)
})
child.on("exit", (code, signal) => {
  if (signal) process.kill(process.pid, signal)
  process.exit(code ?? 1)
})
