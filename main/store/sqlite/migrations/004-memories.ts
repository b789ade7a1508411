/** What the person asked to remember. Without foreign keys and triggers: forgetting writes these tables anew (`erase.ts`). */
export const memories = `
CREATE TABLE memories (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL,
  text TEXT NOT NULL,
  text_key TEXT NOT NULL,
  weight REAL NOT NULL,
  kind TEXT NOT NULL,
  conversation_id TEXT,
  message_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (owner_id, text_key)
);
CREATE VIRTUAL TABLE memories_fts USING fts5 (
  text, content = 'memories', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TABLE memory_vectors (
  memory_seq INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  vector BLOB NOT NULL
);
`
