import { lookup } from "node:dns/promises"
import { readFile } from "node:fs/promises"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import type { ModelRole } from "#contract/models.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { OrphanList } from "#core/host/orphans.ts"
import type { Logger } from "#core/logger.ts"
import type { SpeechToText } from "#engines/types.ts"
import { createDocumentReader } from "#rag/createDocumentReader.ts"
import { fetchPage } from "#rag/pages/fetchPage.ts"
import { createPages, type Pages, type PagesDeps } from "#rag/pages/pages.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { entryUrl } from "./entries.ts"
import type { NamesOf } from "./speakerNames.ts"
import { createTranscriber } from "./transcriber.ts"

export interface ReadingDeps extends Pick<PagesDeps, "documents" | "uploadsDir" | "onDocument"> {
  codecs: AudioCodecs
  speechToText(): Promise<SpeechToText | null>
  namesOf: NamesOf
  models: {
    choose(role: ModelRole): Promise<string | null>
    resolve(id: string, signal: AbortSignal): Promise<{ path: string }>
  }
  egress: Pick<Egress, "open">
  /** Origins whose pages may be fetched although they lie in a private network. */
  trustedOrigins: readonly string[]
  orphans: OrphanList
  log: Logger
}

/** Recognition of a page of dense text takes this long on a slow machine. */
const pictureTimeoutMs = 120_000

/** What becomes text: files, read in children of their own, and web pages, which are fetched first. */
export function createReading(deps: ReadingDeps): { reader: Parser; pages: Pages } {
  const { log, orphans, models } = deps
  const entry = entryUrl("parser")
  const adapter = createForkAdapter({ entry, execArgv: parserExecArgv(entry), env: {}, log, orphans })
  const reader = createDocumentReader({
    parser: createParser({ adapter, log }),
    pictureParser: createParser({ name: "pictures", adapter, log, timeoutMs: pictureTimeoutMs }),
    transcribe: createTranscriber(deps),
    async recognition(signal) {
      const id = await models.choose("ocr")
      return id === null ? null : readFile((await models.resolve(id, signal)).path, { signal })
    },
  })
  const { documents, uploadsDir, onDocument, egress, trustedOrigins } = deps
  const pages = createPages({
    documents,
    uploadsDir,
    fetchPage: (address, signal) =>
      fetchPage(address, { lookup: (host) => lookup(host, { all: true }), egress, trustedOrigins }, signal),
    onDocument,
  })
  return { reader, pages }
}
