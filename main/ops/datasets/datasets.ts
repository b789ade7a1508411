import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import {
  type DatasetDiff,
  type DatasetManifest,
  type DatasetRecipe,
  type DatasetRow,
  datasetManifest,
} from "#contract/datasets.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { JobProgress } from "#core/jobs.ts"
import type { PiiOptions } from "#core/pii/findPersonalData.ts"
import type { NewArtifact } from "#store/types.ts"
import { buildRows } from "./buildRows.ts"
import { type CollectDeps, collectRows } from "./collectRows.ts"
import { diffRows } from "./diffRows.ts"

export interface DatasetsDeps extends CollectDeps {
  /** One folder per person beneath. */
  dir: string
  /** Names and words that are masked for this person. */
  namesFor(actor: Actor): Promise<Pick<PiiOptions, "names" | "exact">>
  /** Notes a version in the list of artifacts; never fails what it is about. */
  record(actor: Actor, artifact: NewArtifact): Promise<unknown>
  version: string
  clock: Clock
}

/** What is to be made, once its person has agreed to that. */
export interface DatasetOrder {
  id: string
  recipe: DatasetRecipe
  /** When they agreed, milliseconds since the epoch. */
  consentAt: number
}

/** Versions of datasets: a file of rows and a manifest each. Others' ids reject with `dataset.not-found`. */
export interface Datasets {
  list(actor: Actor): Promise<DatasetManifest[]>
  preview(
    actor: Actor,
    recipe: DatasetRecipe,
    signal: AbortSignal,
  ): Promise<{ counts: DatasetManifest["counts"]; rows: DatasetRow[] }>
  /** Makes a version under the id of the order; one that is there already is given back. Given up, it leaves nothing. */
  build(
    actor: Actor,
    order: DatasetOrder,
    report: (progress: JobProgress) => void,
    signal: AbortSignal,
  ): Promise<DatasetManifest>
  get(actor: Actor, id: string): Promise<{ manifest: DatasetManifest; rows: DatasetRow[] }>
  /** The newest, or the newest of a name. */
  newest(actor: Actor, name: string | undefined): Promise<DatasetManifest>
  /** Bytes of the file from `start` to `end`, both inclusive. */
  read(actor: Actor, id: string, range: { start: number; end: number } | null): Promise<AsyncIterable<Uint8Array>>
  diff(actor: Actor, id: string, before: string): Promise<DatasetDiff>
  delete(actor: Actor, id: string): Promise<void>
  /** Deletes those in which one of these words stands, or all. Returns how many. */
  deleteWith(actor: Actor, contains: ((text: string) => boolean) | null): Promise<number>
}

const previewRows = 20

export function createDatasets(deps: DatasetsDeps): Datasets {
  const folderOf = (actor: Actor): string => join(deps.dir, actor.personId)
  const rowsFile = (actor: Actor, id: string): string => join(folderOf(actor), `${id}.jsonl`)
  const manifestFile = (actor: Actor, id: string): string => join(folderOf(actor), `${id}.json`)

  async function manifests(actor: Actor): Promise<DatasetManifest[]> {
    const names = await readdir(folderOf(actor)).catch(() => [])
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith(".json"))
        .map(async (name) =>
          datasetManifest.safeParse(JSON.parse(await readFile(join(folderOf(actor), name), "utf8"))),
        ),
    )
    return found
      .flatMap(({ data }) => data ?? [])
      .sort((a, b) => b.generated_at - a.generated_at || b.version - a.version)
  }
  /** Only ids that the folder holds become a path. */
  async function find(actor: Actor, id: string): Promise<DatasetManifest> {
    const manifest = (await manifests(actor)).find((known) => known.id === id)
    if (!manifest) throw notFound()
    return manifest
  }
  const rowsOf = async (actor: Actor, { id }: DatasetManifest): Promise<DatasetRow[]> =>
    (await readFile(rowsFile(actor, id), "utf8"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as DatasetRow)
  const make = async (
    actor: Actor,
    recipe: DatasetRecipe,
    report: (progress: JobProgress) => void,
    signal: AbortSignal,
  ) => {
    const collected = await collectRows(actor, recipe, deps, (current) => report({ current }), signal)
    const total = collected.candidates.length
    const steps = buildRows(collected, recipe, await deps.namesFor(actor))
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done) return { ...collected, ...step.value }
      report({ done: Math.round(step.value), total, current: null })
      await setImmediate(undefined, { signal })
    }
  }
  const remove = async (actor: Actor, { id }: DatasetManifest): Promise<void> => {
    await rm(manifestFile(actor, id), { force: true })
    await rm(rowsFile(actor, id), { force: true })
  }

  return {
    list: manifests,
    async preview(actor, recipe, signal) {
      const { counts, rows } = await make(actor, recipe, () => {}, signal)
      return { counts, rows: rows.slice(0, previewRows) }
    },
    async build(actor, { id, recipe, consentAt }, report, signal) {
      const known = await manifests(actor)
      const made = known.find((manifest) => manifest.id === id)
      if (made) return made
      const { rows, counts, conversations, documents } = await make(actor, recipe, report, signal)
      if (rows.length === 0)
        throw new AppError("dataset.empty", "There is nothing to make a dataset of.", {
          remedy: "Choose other sources, or allow more answers.",
        })
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("")
      const sha256 = createHash("sha256").update(text).digest("hex")
      const before = known.filter(({ dataset }) => dataset === recipe.name)
      const manifest: DatasetManifest = {
        id,
        dataset: recipe.name,
        version: Math.max(0, ...before.map(({ version }) => version)) + 1,
        format: recipe.format,
        size_bytes: Buffer.byteLength(text),
        sha256,
        licence: recipe.licence,
        generated_at: deps.clock.now(),
        consent: { by: actor.personId, at: consentAt },
        provenance: { conversations, documents, recipe, product: deps.version },
        counts,
      }
      signal.throwIfAborted()
      await mkdir(folderOf(actor), { recursive: true, mode: 0o700 })
      // The manifest makes it a version: whatever is without one was cut off.
      await writeFile(rowsFile(actor, manifest.id), text, { mode: 0o600 })
      const unfinished = `${manifestFile(actor, manifest.id)}.part`
      await writeFile(unfinished, JSON.stringify(manifest, null, 2), { mode: 0o600 })
      await rename(unfinished, manifestFile(actor, manifest.id))
      await deps.record(actor, {
        kind: "dataset",
        name: `${recipe.name} v${manifest.version}`,
        hash: sha256,
        sizeBytes: manifest.size_bytes,
        tags: ["dataset", recipe.format, recipe.maskPersonalData ? "masked" : "unmasked"],
        provenance: { datasetId: manifest.id, rows: counts.rows, conversations, documents, licence: recipe.licence },
      })
      return manifest
    },
    async get(actor, id) {
      const manifest = await find(actor, id)
      return { manifest, rows: (await rowsOf(actor, manifest)).slice(0, previewRows) }
    },
    async newest(actor, name) {
      const manifest = (await manifests(actor)).find(({ dataset }) => name === undefined || dataset === name)
      if (!manifest) throw notFound()
      return manifest
    },
    async read(actor, id, range) {
      const manifest = await find(actor, id)
      return createReadStream(rowsFile(actor, manifest.id), range ?? {})
    },
    async diff(actor, id, before) {
      const [old, fresh] = [await find(actor, before), await find(actor, id)]
      return diffRows(await rowsOf(actor, old), await rowsOf(actor, fresh))
    },
    async delete(actor, id) {
      await remove(actor, await find(actor, id))
    },
    async deleteWith(actor, contains) {
      let deleted = 0
      for (const manifest of await manifests(actor)) {
        if (contains && !contains(await readFile(rowsFile(actor, manifest.id), "utf8"))) continue
        await remove(actor, manifest)
        deleted++
      }
      if (!contains) await rm(folderOf(actor), { recursive: true, force: true })
      return deleted
    },
  }
}

const notFound = (): AppError =>
  new AppError("dataset.not-found", "There is no such dataset.", { remedy: "Look at the list again." })
