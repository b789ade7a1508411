import Database from "better-sqlite3"

/** The tokenizer of every full-text index here. */
export const tokenizer = "porter unicode61 remove_diacritics 2"

/** Splits words exactly as the full-text index does, by asking one in memory. */
export function createWordTokens(): { of(text: string): string[]; close(): void } {
  const db = new Database(":memory:")
  db.exec(`CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = '${tokenizer}');
    CREATE VIRTUAL TABLE tokens USING fts5vocab (words, instance)`)
  const insert = db.prepare("INSERT INTO words (rowid, text) VALUES (1, ?)")
  const read = db.prepare('SELECT term FROM tokens ORDER BY "offset"').pluck()
  const clear = db.prepare("DELETE FROM words")
  const known = new Map<string, string[]>()
  return {
    of(text) {
      let found = known.get(text)
      if (!found) {
        // NUL would end the text early.
        insert.run(text.replaceAll("\0", " "))
        found = read.all() as string[]
        clear.run()
        if (known.size > 10_000) known.clear()
        known.set(text, found)
      }
      return found
    },
    close: () => db.close(),
  }
}
