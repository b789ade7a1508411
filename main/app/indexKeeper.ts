import type { Job } from "#contract/jobs.ts"
import type { SearchIndex } from "#contract/searchIndex.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { Jobs } from "#core/jobs.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { IndexCare } from "#rag/indexCare.ts"
import type { ReindexPayload } from "#rag/jobRunners.ts"
import type { PassageIndex, Resplit } from "#rag/resplit/resplit.ts"
import type { ShippedWeights } from "#rag/shippedWeights.ts"
import type { SwapGate } from "#rag/swapGate.ts"
import type { VectorIndex } from "#rag/vectorIndex.ts"
import type { SearchIndexService } from "#server/deps.ts"
import type { ChunkRepository } from "#store/types.ts"
import type { EngineRack } from "./engines.ts"

export interface IndexKeeperDeps {
  chunks: ChunkRepository
  vectorIndex: VectorIndex
  indexCare: IndexCare
  swapGate: SwapGate<Embedder>
  resplit: Pick<Resplit, "current" | "claim">
  passageGate: SwapGate<PassageIndex>
  shippedWeights(): ShippedWeights
  engines: Pick<EngineRack, "refresh" | "adopt">
  jobs: Pick<Jobs, "start">
  log: Logger
}

/** Keeps the search index in step with the models and the release, and whole. */
export interface IndexKeeper {
  service: SearchIndexService
  /**
   * Another embedder, or another length of passages, makes its index beside the one in use, which answers meanwhile; then newer
   * ranking weights are judged. Never rejects.
   */
  followModels(): Promise<void>
  /** What a damaged disk or a killed machine left behind is put right beside everything else; words answer meanwhile. Never rejects. */
  check(): Promise<void>
  close(): Promise<void>
}

export function createIndexKeeper(deps: IndexKeeperDeps): IndexKeeper {
  const { chunks, vectorIndex, indexCare, swapGate, resplit, passageGate, shippedWeights, engines, jobs, log } = deps
  const checking = new AbortController()
  let following: Promise<void> = Promise.resolve()
  let checked: Promise<void> = Promise.resolve()
  let isClosing = false

  const startReindex = (title: string, payload: ReindexPayload, unit: Job["unit"] = "passages"): Promise<Job> =>
    jobs.start(ownerActor, { kind: "reindex", title, unit, subjectId: null, payload })
  const build = (): Promise<Job> => startReindex("Search by meaning", {})
  const splitAnew = (): Promise<Job> => startReindex("Passages of another length", { isResplit: true }, "files")

  function followModels(): Promise<void> {
    following = following.then(async () => {
      if (isClosing) return
      try {
        await engines.refresh()
        const { active } = await chunks.indexes()
        if (active !== null) await engines.adopt(active)
        if (await vectorIndex.needsRebuild()) await build()
        // Words alone would say little of weights that mostly weigh meaning: they wait for the index.
        else await shippedWeights().judge(ownerActor, checking.signal)
        if (resplit.claim()) await splitAnew()
      } catch (error) {
        if (!isAbort(error, checking.signal)) log.warn("the search index could not follow the models", { error })
      }
    })
    return following
  }

  function refusal(): SearchIndex["refused"] {
    const model = swapGate.refusal()
    if (model) return { kind: "model", ...model }
    const passages = passageGate.refusal()
    if (passages) return { kind: "passages", ...passages }
    const weights = shippedWeights().refusal()
    return weights ? { kind: "weights", ...weights } : null
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
          passageTokens: resplit.current().targetTokens,
          refused: refusal(),
        }
      },
      async useRefused(actor) {
        if (swapGate.refusal()) {
          await swapGate.overrule(actor)
          return { jobId: (await build()).id }
        }
        if (passageGate.refusal()) {
          await passageGate.overrule(actor)
          resplit.claim()
          return { jobId: (await splitAnew()).id }
        }
        if (!shippedWeights().refusal()) throw new AppError("request.conflict", "Nothing is refused.")
        await shippedWeights().overrule(actor, checking.signal)
        return { jobId: null }
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
