import { installModel } from "#models/install.ts"
import { makeInstallDeps } from "./installSetup.ts"

/** One install in a process of its own, so that a test can kill it. Prints the bytes that arrived. */
const { model, modelsDir, origin } = JSON.parse(process.argv[2] ?? "") as {
  model: Parameters<typeof installModel>[0]
  modelsDir: string
  origin: string
}
const deps = await makeInstallDeps({ modelsDir, trustedOrigins: [origin] })
await installModel(model, deps, ({ doneBytes }) => process.stdout.write(`${doneBytes}\n`), new AbortController().signal)
