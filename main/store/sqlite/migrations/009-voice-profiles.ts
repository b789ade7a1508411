/** Voices that are known. What a voice is like is sealed by the core; the database never sees it. Without triggers: see `erase.ts`. */
export const voiceProfiles = `
CREATE TABLE voice_profiles (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  sealed TEXT NOT NULL,
  consented_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
`
