/** Developer tasks: `npm test`, `npm run check`, … Each makes the clone ready first, so that one command is enough. */

import { rmSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { ensureBuilt, ensureInstalled, ensureSound, node24, npmCommand, root, run, say } from "./setup.mjs"

const [task = "", ...args] = process.argv.slice(2)
const electronBuilder = "electron-builder@26.17.0"
const bin = (name, ...path) => [join(root, "node_modules", name, ...path)]
const tool = {
  biome: bin("@biomejs", "biome", "bin", "biome"),
  tsc: bin("typescript", "bin", "tsc"),
  layers: bin("dependency-cruiser", "bin", "dependency-cruiser.mjs"),
}
const node = (script, ...rest) => run(node24(), [...script, ...rest], { stdout: "inherit" })
const vitest = (...rest) => node([join(root, "test", "run.ts")], ...rest)
const npm = (args, options) => {
  const { command, args: own } = npmCommand()
  return run(command, [...own, ...args], options)
}
const projects = (...names) => names.flatMap((name) => ["--project", name])
const checkStatically = () => {
  node(tool.biome, "check", ".")
  node(tool.tsc, "-p", ".")
  node(tool.layers, "--config", ".dependency-cruiser.cjs", "main", "renderer", "preload")
}

const tasks = {
  check() {
    checkStatically()
    vitest(...projects("unit"), ...args)
  },
  test() {
    checkStatically()
    ensureBuilt()
    node([join(root, "test", "prepare.ts")])
    vitest(...args)
  },
  "test:full"() {
    process.env.ZENGLOW_TEST_FULL = "1"
    tasks.test()
  },
  /** Kills the whole core again and again while it works, and looks whether anything it acknowledged is gone. */
  crash() {
    process.env.ZENGLOW_TEST_FULL = "1"
    process.env.ZENGLOW_CRASH_KILLS ??= "100"
    vitest("coreCrash", "storeDurability", "ingestCrash", "resplitCrash", ...args)
  },
  /** Requests that nearly fit and requests that are noise, on every route. */
  fuzz() {
    process.env.ZENGLOW_FUZZ_RUNS ??= "200"
    vitest("server/fuzz", ...args)
  },
  /** Load, floods, slow clients and too many connections, from another process. */
  load() {
    process.env.ZENGLOW_LOAD_SECONDS ??= "10"
    vitest("host/load", ...args)
  },
  /** Known holes in what ships. Fails on a serious one, and where the registry answers no such question (some mirrors). */
  audit() {
    npm(["audit", "--omit=dev", "--audit-level=high"], { stdout: "inherit" })
  },
  /** What ships, as CycloneDX 1.5 on standard output. */
  sbom() {
    npm(["sbom", "--sbom-format=cyclonedx", "--omit=dev"], { stdout: "inherit" })
  },
  build() {
    ensureBuilt()
  },
  /** Compiles the addon for sound devices again and says what came of it. */
  sound() {
    const { isBuilt, reason } = ensureSound({ retry: true })
    say(isBuilt ? "The sound devices' addon is built." : `Without the machine's own sound devices: ${reason}`)
  },
  /** Installers of this machine's platform, in dist/installers. electron-builder comes on demand: few need it, and it weighs 90 MB. */
  package() {
    ensureBuilt()
    const packaging = join(root, "main", "electron", "packaging")
    const config = join(root, ".cache", `installer-${process.pid}.json`)
    node([join(packaging, "writeConfig.ts"), config])
    const env = { ...process.env, PATH: `${dirname(node24())}${delimiter}${process.env.PATH ?? ""}` }
    // A package for Debian is made by the system's own dpkg-deb, without downloading a packer.
    if (process.platform === "linux") env.CUSTOM_FPM_PATH = join(packaging, "debPackage.ts")
    const given = args.length > 0 ? args : [`--${process.arch}`]
    const builder = ["exec", "--yes", "--ignore-scripts", `--package=${electronBuilder}`, "--", "electron-builder"]
    npm([...builder, "--config", config, "--publish", "never", ...given], { stdout: "inherit", env })
    rmSync(config)
  },
  bench() {
    ensureBuilt()
    node([join(root, "test", "bench", "index.ts")], ...args)
  },
  shots() {
    ensureBuilt()
    node([join(root, "test", "ui", "shots.ts")], ...args)
  },
}

ensureInstalled()
ensureSound()
if (!Object.hasOwn(tasks, task)) {
  process.stderr.write(`Unknown task "${task}". Tasks: ${Object.keys(tasks).join(", ")}.\n`)
  process.exit(2)
}
tasks[task]()
