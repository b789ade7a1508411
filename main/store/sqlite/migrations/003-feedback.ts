/** What questions showed, and what was done with it. `list_seq` is no foreign key: erasing makes the tables anew one by one. */
export const feedback = `
CREATE TABLE shown_lists (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  owner_id TEXT NOT NULL REFERENCES people (id),
  query_hash TEXT NOT NULL,
  surface TEXT NOT NULL,
  scoring TEXT NOT NULL,
  shown_at INTEGER NOT NULL,
  passages TEXT NOT NULL,
  UNIQUE (owner_id, id)
);
CREATE INDEX shown_lists_of_owner ON shown_lists (owner_id, seq);

CREATE TABLE feedback (
  seq INTEGER PRIMARY KEY,
  owner_id TEXT NOT NULL REFERENCES people (id),
  list_seq INTEGER NOT NULL,
  chunk_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  event TEXT NOT NULL,
  value REAL NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (list_seq, chunk_id, event)
);
CREATE INDEX feedback_of_chunk ON feedback (owner_id, chunk_id);
`
