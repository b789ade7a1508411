/** Tables of the first release. `seq` is the integer key that joins and the full-text index use; `id` is what leaves the store. */
export const initial = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE people (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE conversations (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  title TEXT NOT NULL,
  title_is_automatic INTEGER NOT NULL,
  persona_id TEXT,
  collection_ids TEXT,
  model TEXT,
  active_message_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
);
CREATE INDEX conversations_recent ON conversations (owner_id, updated_at DESC, seq DESC) WHERE deleted_at IS NULL;

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  conversation_seq INTEGER NOT NULL REFERENCES conversations (seq) ON DELETE CASCADE,
  parent_id TEXT,
  role TEXT NOT NULL,
  text TEXT NOT NULL,
  reasoning TEXT NOT NULL,
  end_reason TEXT,
  error TEXT,
  model TEXT,
  passages TEXT NOT NULL,
  spans TEXT NOT NULL,
  timings TEXT NOT NULL,
  usage TEXT,
  heard_chars INTEGER,
  kind TEXT NOT NULL,
  feedback TEXT,
  created_at INTEGER NOT NULL
);
CREATE INDEX messages_of_conversation ON messages (conversation_seq, seq);
CREATE VIRTUAL TABLE messages_fts USING fts5 (
  text, content = 'messages', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_words_added AFTER INSERT ON messages BEGIN
  INSERT INTO messages_fts (rowid, text) VALUES (new.seq, new.text);
END;
CREATE TRIGGER messages_words_removed AFTER DELETE ON messages BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', old.seq, old.text);
END;
CREATE TRIGGER messages_words_changed AFTER UPDATE OF text ON messages BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', old.seq, old.text);
  INSERT INTO messages_fts (rowid, text) VALUES (new.seq, new.text);
END;

CREATE TABLE collections (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  is_sample INTEGER NOT NULL,
  source_path TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (owner_id, name),
  UNIQUE (owner_id, source_path)
);

CREATE TABLE documents (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  collection_seq INTEGER NOT NULL REFERENCES collections (seq) ON DELETE CASCADE,
  title TEXT NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  page_count INTEGER,
  char_count INTEGER NOT NULL DEFAULT 0,
  chunk_count INTEGER NOT NULL DEFAULT 0,
  stage TEXT NOT NULL,
  status TEXT NOT NULL,
  error TEXT,
  file_path TEXT,
  content_hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (collection_seq, path)
);

CREATE TABLE document_texts (
  document_seq INTEGER PRIMARY KEY REFERENCES documents (seq) ON DELETE CASCADE,
  text TEXT NOT NULL,
  pages TEXT NOT NULL
);

-- The title is repeated here as it was indexed: the full-text index must be told the very words it holds when a row goes.
CREATE TABLE chunks (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  collection_seq INTEGER NOT NULL,
  document_seq INTEGER NOT NULL REFERENCES documents (seq) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  title TEXT NOT NULL,
  headings TEXT NOT NULL,
  body TEXT NOT NULL,
  page INTEGER,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  token_count INTEGER NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document_seq, ordinal);
CREATE INDEX chunks_of_collection ON chunks (collection_seq);
CREATE INDEX chunks_of_owner ON chunks (owner_id);
CREATE VIRTUAL TABLE chunks_fts USING fts5 (
  title, headings, body, content = 'chunks', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER chunks_words_added AFTER INSERT ON chunks BEGIN
  INSERT INTO chunks_fts (rowid, title, headings, body) VALUES (new.seq, new.title, new.headings, new.body);
END;
CREATE TRIGGER chunks_words_removed AFTER DELETE ON chunks BEGIN
  INSERT INTO chunks_fts (chunks_fts, rowid, title, headings, body)
  VALUES ('delete', old.seq, old.title, old.headings, old.body);
END;

-- One row per vector space; its vectors lie in the vec0 table vectors_<id>, with the chunk's seq as rowid.
CREATE TABLE vector_indexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fingerprint TEXT NOT NULL UNIQUE,
  dimensions INTEGER,
  is_active INTEGER NOT NULL
);
CREATE TABLE chunk_vectors (
  chunk_seq INTEGER NOT NULL REFERENCES chunks (seq) ON DELETE CASCADE,
  index_id INTEGER NOT NULL REFERENCES vector_indexes (id) ON DELETE CASCADE,
  PRIMARY KEY (chunk_seq, index_id)
) WITHOUT ROWID;
CREATE INDEX chunk_vectors_of_index ON chunk_vectors (index_id);

CREATE TABLE settings (
  owner_id TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (owner_id, name)
) WITHOUT ROWID;

CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL,
  progress REAL,
  done REAL NOT NULL,
  total REAL,
  unit TEXT NOT NULL,
  rate_per_second REAL,
  remaining_ms REAL,
  current TEXT,
  error TEXT,
  subject_id TEXT,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX jobs_recent ON jobs (owner_id, updated_at);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES people (id),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  prefix TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) WITHOUT ROWID;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT
);
`
