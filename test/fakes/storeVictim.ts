/**
 * A process that writes to a store until it is killed, and says on stdout what has been acknowledged: one JSON line each,
 * printed only after the write resolved. Started by the durability tests.
 */
import { writeSync } from "node:fs"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { migrations } from "#store/sqlite/migrations/index.ts"
import { openDatabase } from "#store/sqlite/openDatabase.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { slowMigration, victimContent, victimDocument } from "./storeVictimRows.ts"

const [mode, file, backupDir, round] = process.argv.slice(2) as [string, string, string, string]
const acknowledge = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`)

if (mode === "migrate") {
  acknowledge({ started: true })
  openDatabase({ file, backupDir, migrations: [...migrations, slowMigration] }).db.close()
  acknowledge({ migrated: true })
} else {
  const store = await openSqliteStore({ file, backupDir, log: silentLogger })
  const collection =
    (await store.collections.findByName(ownerActor, "Library")) ??
    (await store.collections.create(ownerActor, { name: "Library" }))
  acknowledge({ started: true })
  if (mode === "chat") {
    const { id: conversationId } = await store.conversations.create(ownerActor, { title: `Round ${round}` })
    let parentId: string | null = null
    for (let n = 0; ; n++) {
      const text = `round ${round} message ${n}`
      const message: { id: string } = await store.messages.append(ownerActor, {
        conversationId,
        parentId,
        role: n % 2 === 0 ? "user" : "assistant",
        text,
        kind: "text",
      })
      parentId = message.id
      acknowledge({ message: message.id, text })
    }
  }
  for (let n = 0; ; n++) {
    const { document } = await store.documents.upsert(ownerActor, victimDocument(collection.id, `${round}-${n}.md`))
    if (mode === "ingest") {
      await store.documents.writeContent(ownerActor, document.id, victimContent(`${round}-${n}`))
      acknowledge({ document: document.id })
    } else {
      await store.documents.writeContent(ownerActor, document.id, victimContent(`${round}-${n}`))
      acknowledge({ document: document.id })
      await store.documents.delete(ownerActor, document.id)
      acknowledge({ deleted: document.id })
    }
  }
}
