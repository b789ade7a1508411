/** Watched folders, which documents belong to them, and what the file of a document looked like when it was read. */
export const folders = `
CREATE TABLE folders (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  collection_seq INTEGER NOT NULL REFERENCES collections (seq) ON DELETE CASCADE,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  excludes TEXT NOT NULL,
  follows_gitignore INTEGER NOT NULL,
  max_file_bytes INTEGER NOT NULL,
  is_paused INTEGER NOT NULL DEFAULT 0,
  is_reachable INTEGER NOT NULL DEFAULT 1,
  identity TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (collection_seq, path),
  UNIQUE (collection_seq, name)
);

ALTER TABLE documents ADD COLUMN folder_seq INTEGER REFERENCES folders (seq) ON DELETE SET NULL;
ALTER TABLE documents ADD COLUMN file_stamp TEXT;
CREATE INDEX documents_of_folder ON documents (folder_seq, file_path);

-- Chunks of a file whose bytes changed: out of search, remembered only so that those which come again keep their ids.
CREATE TABLE withdrawn_chunks (
  id TEXT PRIMARY KEY,
  document_seq INTEGER NOT NULL REFERENCES documents (seq) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  headings TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX withdrawn_chunks_of_document ON withdrawn_chunks (document_seq, ordinal);

-- A renamed file may change its title; the words of the old one must leave the index with it.
CREATE TRIGGER chunks_words_renamed AFTER UPDATE OF title ON chunks BEGIN
  INSERT INTO chunks_fts (chunks_fts, rowid, title, headings, body)
  VALUES ('delete', old.seq, old.title, old.headings, old.body);
  INSERT INTO chunks_fts (rowid, title, headings, body) VALUES (new.seq, new.title, new.headings, new.body);
END;
`
