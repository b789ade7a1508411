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

export interface Available {
  /** Installed, or one of its sources answers from here. */
  canGet: (model: CatalogModel) => boolean
  isInstalled: (model: CatalogModel) => boolean
  /** Name of an imported language model that is in use; the bundle then needs none of its own. */
  importedLlm: string | null
}

/**
 * The bundle for this machine: one model per role, and the smallest language model first as a stand-in. What is installed and
 * does its work stays: a connection that comes back later never makes a complete bundle incomplete.
 */
export function recommendBundle(catalog: Catalog, machine: Machine, available: Available): Recommendation {
  const { canGet, isInstalled, importedLlm } = available
  const best = (models: CatalogModel[]): CatalogModel | undefined => {
    const installed = models.filter(isInstalled)
    const obtainable = installed.length > 0 ? installed : models.filter(canGet)
    // When nothing answers, the first choice is still worth naming: the connection may come back.
    return byQuality(obtainable.length > 0 ? obtainable : models)[0]
  }
  const helpers = (["vad", "tts", "stt", "embedder"] as const).flatMap((role) => best(catalog.byRole(role)) ?? [])
  const bySize = (models: CatalogModel[]) => models.toSorted((left, right) => left.sizeBytes - right.sizeBytes)
  if (importedLlm !== null) {
    return { models: bySize(helpers), reason: `${importedLlm}, which you imported, writes the answers.` }
  }

  const helperBytes = helpers.reduce((sum, model) => sum + model.memoryBytes, 0)
  const llms = catalog.byRole("llm")
  const composers = llms.filter((model) => isInstalled(model) && model.quality >= composingQuality)
  const fitting = llms.filter(
    (model) =>
      model.minimumCores <= machine.cores &&
      fitOf(model.memoryBytes, machine.freeMemoryBytes - helperBytes).verdict !== "too-large",
  )
  // Without any source in reach, the choice falls on what most machines can get later.
  const reachable = fitting.filter(fitting.some(canGet) ? canGet : (model) => model.sources.length > 1)
  const standIn = bySize(llms)[0]
  const llm = byQuality(composers)[0] ?? byQuality(reachable)[0] ?? standIn
  const chosen = new Set([...helpers, ...(llm ? [llm] : [])])
  if (standIn && (composers.length === 0 || isInstalled(standIn))) chosen.add(standIn)
  return {
    models: bySize([...chosen]),
    reason: llm ? reasonFor(llm, llms, machine, standIn, available) : "The catalogue has no language model.",
  }
}

const byQuality = (models: CatalogModel[]): CatalogModel[] =>
  models.toSorted((left, right) => right.quality - left.quality)

function reasonFor(
  llm: CatalogModel,
  llms: CatalogModel[],
  machine: Machine,
  standIn: CatalogModel | undefined,
  { canGet, isInstalled }: Available,
): string {
  const has = `This machine has ${gigabytes(machine.freeMemoryBytes)} GB of memory free and ${machine.cores} cores.`
  const choice = `${llm.name} uses about ${gigabytes(llm.memoryBytes)} GB.`
  if (isInstalled(llm)) return `${has} ${choice} It is installed.`
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
