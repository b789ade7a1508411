/**
 * A process that watches a folder until it is killed, and says on stdout what it did: one JSON line each. With `once` it ends by
 * itself when the folder and its documents are the same.
 */
import { writeSync } from "node:fs"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { createFolderBench } from "./folderBench.ts"

const [folder, file, backupDir, mode] = process.argv.slice(2) as [string, string, string, string]
const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`)

const store = await openSqliteStore({ file, backupDir, log: silentLogger })
const bench = await createFolderBench({
  store,
  folder,
  onEmbed: (texts) => tell({ embedded: texts }),
})
bench.onEvent(() => tell({ event: true }))
await bench.folders.start(ownerActor)
// As the core does at its start: a long document that was killed between its words and its vectors gets the rest.
const { vectorIndex } = bench.rag
if (await vectorIndex.needsRebuild()) await vectorIndex.rebuild(ownerActor, new AbortController().signal, () => {})
const known = await bench.folders.list(ownerActor)
const id = known[0]?.id ?? (await bench.folders.add(ownerActor, { path: folder })).id
await bench.folders.settled(id)
tell({ settled: true })
if (mode === "once") {
  await bench.close()
  await store.close()
}
