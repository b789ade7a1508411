import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { wakeHeadFile } from "#engines/speech/wakeHead.ts"
import type { WakePhrase } from "#engines/types.ts"
import type { Catalog } from "#models/catalog.ts"
import type { Models } from "#models/models.ts"
import { wakeDir } from "./entries.ts"

/** A phrase that can be chosen. */
export interface KnownPhrase {
  id: string
  phrase: string
  licence: string
  /** Null: its model is not installed. */
  installed: WakePhrase | null
}

/** Lists the phrases that come with the product, then those of the catalogue. */
export function createWakePhrases(catalog: Catalog, models: Pick<Models, "resolve">): () => Promise<KnownPhrase[]> {
  const quiet = new AbortController().signal
  const ofCatalogue = async (id: string): Promise<KnownPhrase> => {
    const { licence, options } = catalog.get(id)
    const phrase = String(options.phrase)
    const found = await models.resolve(id, quiet).catch(() => null)
    const headPath = found?.files[String(options.weights)] ?? found?.path
    const spellings = String(options.spellings).split("|")
    const threshold = Number(options.threshold)
    return { id, phrase, licence, installed: headPath ? { id, phrase, spellings, threshold, headPath } : null }
  }
  let own: KnownPhrase[] | null = null
  return async () => {
    own ??= await ownPhrases()
    return [...own, ...(await Promise.all(catalog.byRole("phrase").map(({ id }) => ofCatalogue(id))))]
  }
}

async function ownPhrases(): Promise<KnownPhrase[]> {
  const folder = fileURLToPath(wakeDir)
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort()
  return Promise.all(
    files.map(async (name) => {
      const headPath = join(folder, name)
      const { id, phrase, spellings, threshold } = wakeHeadFile.parse(JSON.parse(await readFile(headPath, "utf8")))
      return { id, phrase, licence: "Apache-2.0", installed: { id, phrase, spellings, threshold, headPath } }
    }),
  )
}
