import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "#core/clock.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { chunkingFor } from "#rag/chunking.ts"
import type { Parser } from "#rag/parse/createParser.ts"
import { createResplit, type PassageIndex, type Resplit } from "#rag/resplit/resplit.ts"
import { createSwapGate, type SwapGate, type SwapGateDeps } from "#rag/swapGate.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { entryUrl } from "./entries.ts"

export interface ResplittingDeps {
  store: Store
  /** Where the passages lie that are made beside those in use. */
  dir: string
  parser: Parser
  embedder: () => Embedder | null
  passageTokens: () => number
  pinnedRecall: SwapGateDeps<PassageIndex>["pinnedRecall"]
  onDocument: (document: { id: string }) => void
  onGate: () => void
  clock: Clock
  log: Logger
}

/** Other passages of the same documents, judged by the pinned questions before they are used. */
export function createResplitting(deps: ResplittingDeps): { resplit: Resplit; gate: SwapGate<PassageIndex> } {
  const { store, dir, parser, embedder, passageTokens, onDocument, clock, log } = deps
  const gate = createSwapGate<PassageIndex>({
    settings: store.settings,
    setting: "search.passages.refused",
    pinnedRecall: deps.pinnedRecall,
    onChange: deps.onGate,
    now: () => clock.now(),
    log,
  })
  const resplit = createResplit({
    store,
    parser,
    embedder,
    wanted: () => chunkingFor(passageTokens(), embedder()),
    openShadow: (name) =>
      openSqliteStore({
        file: join(dir, `${name}.db`),
        backupDir: join(dir, "backups"),
        log,
        workerUrl: entryUrl("store"),
      }),
    async removeShadows(except) {
      const names = await readdir(dir).catch(() => [])
      const gone = names.filter((name) => except === null || !name.startsWith(`${except}.db`))
      for (const name of gone) await rm(join(dir, name), { recursive: true, force: true })
    },
    gate,
    onDocument,
    log,
  })
  return { resplit, gate }
}
