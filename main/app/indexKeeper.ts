import type { Job } from "#contract/jobs.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Jobs } from "#core/jobs.ts"
import type { Logger } from "#core/logger.ts"
import type { IndexCare } from "#rag/indexCare.ts"
import type { SwapGate } from "#rag/swapGate.ts"
import type { VectorIndex } from "#rag/vectorIndex.ts"
import type { SearchIndexService } from "#server/deps.ts"
import type { ChunkRepository } from "#store/types.ts"
import type { EngineRack } from "./engines.ts"

export interface IndexKeeperDeps {
  chunks: ChunkRepository
  vectorIndex: VectorIndex
  indexCare: IndexCare
  swapGate: SwapGate
  engines: Pick<EngineRack, "refresh" | "adopt">
  jobs: Pick<Jobs, "start">
  log: Logger
}

/** Keeps the search index in step with the models, and whole. */
export interface IndexKeeper {
  service: SearchIndexService
  /** Another embedder builds its index beside the one in use; the window goes on searching meanwhile. Never rejects. */
  followModels(): Promise<void>
  /** What a damaged disk or a killed machine left behind is put right beside everything else; words answer meanwhile. Never rejects. */
  check(): Promise<void>
  close(): Promise<void>
}

export function createIndexKeeper(deps: IndexKeeperDeps): IndexKeeper {
  const { chunks, vectorIndex, indexCare, swapGate, engines, jobs, log } = deps
  const checking = new AbortController()
  let following: Promise<void> = Promise.resolve()
  let checked: Promise<void> = Promise.resolve()
  let isClosing = false

  const startReindex = (title: string, payload: object): Promise<Job> =>
    jobs.start(ownerActor, { kind: "reindex", title, unit: "passages", subjectId: null, payload })
  const build = (): Promise<Job> => startReindex("Search by meaning", {})

  function followModels(): Promise<void> {
    following = following.then(async () => {
      if (isClosing) return
      try {
        await engines.refresh()
        const { active } = await chunks.indexes()
        if (active !== null) await engines.adopt(active)
        if (await vectorIndex.needsRebuild()) await build()
      } catch (error) {
        log.warn("the search index could not follow the models", { error })
      }
    })
    return following
  }

  async function repairIfNeeded(): Promise<void> {
    try {
      const findings = await indexCare.inspect()
      if (findings.some(({ code }) => code === "words-differ" || code === "half-written")) {
        log.error("the search index is repaired", { findings: findings.map(({ message }) => message) })
        await startReindex("Repairing the search index", { isRepair: true })
      } else if ((await indexCare.sweep(checking.signal)) > 0) await followModels()
    } catch (error) {
      if (!isAbort(error, checking.signal)) log.error("the search index could not be checked", { error })
    }
  }

  return {
    service: {
      async view() {
        const { active, counts, chunks: passages } = await chunks.indexes()
        return {
          active,
          passages,
          vectors: active === null ? 0 : (counts[active] ?? 0),
          refused: swapGate.refusal(),
        }
      },
      async useRefused(actor) {
        if (!swapGate.refusal()) throw new AppError("request.conflict", "No index is refused.")
        await swapGate.overrule(actor)
        return { jobId: (await build()).id }
      },
    },
    followModels,
    check() {
      checked = repairIfNeeded()
      return checked
    },
    async close() {
      checking.abort(new AppError("core.stopping", "ZenGlow is closing."))
      await checked
      isClosing = true
      await following
    },
  }
}
