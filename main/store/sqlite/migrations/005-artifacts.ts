/** What was built, fetched and exported, and where it came from. */
export const artifacts = `
CREATE TABLE artifacts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT,
  size_bytes INTEGER,
  tags TEXT NOT NULL,
  provenance TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX artifacts_of_owner ON artifacts (owner_id, seq DESC);
`
