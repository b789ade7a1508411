/** Measured runs of retrieval, and questions that are pinned with what they must find. */
export const evaluations = `
CREATE TABLE eval_runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  dataset_hash TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX eval_runs_of_owner ON eval_runs (owner_id, seq DESC);

CREATE TABLE pinned_questions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES people (id),
  question TEXT NOT NULL,
  document TEXT,
  passage TEXT,
  created_at INTEGER NOT NULL
);
CREATE INDEX pinned_questions_of_owner ON pinned_questions (owner_id, seq DESC);
`
