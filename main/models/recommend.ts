import type { z } from "zod"
import type { modelFit } from "#contract/models.ts"
import type { Catalog, CatalogModel } from "./catalog.ts"
import type { Machine } from "./machine.ts"

export type ModelFit = z.infer<typeof modelFit>

/** Whether a model fits beside what else runs. Up to 80 % of the free memory is comfortable. */
export function fitOf(memoryBytes: number, freeMemoryBytes: number): ModelFit {
  const verdict = memoryBytes <= freeMemoryBytes * 0.8 ? "fits" : memoryBytes <= freeMemoryBytes ? "tight" : "too-large"
  return { verdict, memoryBytes, reason: `uses ${size(memoryBytes)} of ${size(freeMemoryBytes)} free` }
}

export interface Recommendation {
  /** In the order of download: the smallest useful piece first. */
  models: CatalogModel[]
  /** In words. */
  reason: string
}

/** A language model below this rank chats, but does not phrase answers from documents. */
export const composingQuality = 2

/**
 * The bundle for this machine: one model per role, and the smallest language model first as a stand-in.
 * @param canGet Whether a model is installed or one of its sources answers from here.
 */
export function recommendBundle(
  catalog: Catalog,
  machine: Machine,
  canGet: (model: CatalogModel) => boolean,
): Recommendation {
  const best = (models: CatalogModel[]): CatalogModel | undefined => {
    const obtainable = models.filter(canGet)
    // When nothing answers, the first choice is still worth naming: the connection may come back.
    return (obtainable.length > 0 ? obtainable : models).toSorted((left, right) => right.quality - left.quality)[0]
  }
  const helpers = (["vad", "tts", "stt", "embedder"] as const).flatMap((role) => best(catalog.byRole(role)) ?? [])
  const helperBytes = helpers.reduce((sum, model) => sum + model.memoryBytes, 0)

  const llms = catalog.byRole("llm")
  const fitting = llms.filter(
    (model) =>
      model.minimumCores <= machine.cores &&
      fitOf(model.memoryBytes, machine.freeMemoryBytes - helperBytes).verdict !== "too-large",
  )
  const standIn = llms.toSorted((left, right) => left.sizeBytes - right.sizeBytes)[0]
  // Without any source in reach, the choice falls on what most machines can get later.
  const reachable = fitting.some(canGet) ? fitting : fitting.filter((model) => model.sources.length > 1)
  const llm = best(reachable) ?? standIn
  const chosen = new Set([...helpers, ...(standIn ? [standIn] : []), ...(llm ? [llm] : [])])
  return {
    models: [...chosen].sort((left, right) => left.sizeBytes - right.sizeBytes),
    reason: llm ? reasonFor(llm, llms, machine, standIn, canGet) : "The catalogue has no language model.",
  }
}

function reasonFor(
  llm: CatalogModel,
  llms: CatalogModel[],
  machine: Machine,
  standIn: CatalogModel | undefined,
  canGet: (model: CatalogModel) => boolean,
): string {
  const has = `This machine has ${gigabytes(machine.freeMemoryBytes)} GB of memory free and ${machine.cores} cores.`
  const choice = `${llm.name} uses about ${gigabytes(llm.memoryBytes)} GB.`
  const stronger = llms.filter((model) => model.quality > llm.quality)
  const why = stronger.some((model) => model.minimumCores <= machine.cores && !canGet(model))
    ? "Stronger models are offered where Hugging Face can be reached."
    : stronger.length > 0
      ? "Stronger models would be too large or too slow here."
      : "It is the strongest of the small models."
  const first = standIn && standIn !== llm ? ` ${standIn.name} comes first and keeps the chat going meanwhile.` : ""
  return `${has} ${choice} ${why}${first}`
}

const size = (bytes: number): string =>
  bytes < 1e9 ? `${Math.round(Math.max(0, bytes) / 1e6)} MB` : `${gigabytes(bytes)} GB`
const gigabytes = (bytes: number): string => (Math.max(0, bytes) / 1e9).toFixed(1)
