/** Sound of spoken questions, sealed by the core; the database never hears it. */
export const turnSounds = `
CREATE TABLE turn_sounds (
  seq INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  sealed TEXT NOT NULL
);
`
