/** A process that splits all documents of a store anew until it is killed; every step is a line on stdout. */
import { writeSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { createResplitBench } from "./resplitBench.ts"
import { createWordEmbedder } from "./wordEmbedder.ts"

const [directory, tokens] = process.argv.slice(2) as [string, string]
const tell = (line: string): void => void writeSync(1, `${line}\n`)
const open = (name: string) =>
  openSqliteStore({
    file: join(directory, `${name}.db`),
    backupDir: join(directory, "backups"),
    log: silentLogger,
  })

const store = await open("zenglow")
const bench = await createResplitBench({
  store,
  embedder: createWordEmbedder({ onEmbed: () => tell("embedding") }),
  passageTokens: () => Number(tokens),
  shadows: {
    open: (name) => open(`next-${name}`),
    async remove(except) {
      if (except === null)
        for (const end of ["", "-wal", "-shm"])
          await rm(join(directory, `next-1-${tokens}-30.db${end}`), { force: true })
    },
  },
})
await bench.resplit.run(ownerActor, new AbortController().signal, (done, total, current) =>
  tell(`${current} ${done} of ${total}`),
)
tell("done")
await store.close()
