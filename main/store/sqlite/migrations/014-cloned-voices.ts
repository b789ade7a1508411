/**
 * Consents to clone a voice, and the voices. What a voice is like is sealed by the core; the database never sees it. A revoked consent
 * stays as a record of what was agreed and when it ended. Without triggers: see `erase.ts`.
 */
export const clonedVoices = `
CREATE TABLE voice_consents (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  phrase TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  given_at INTEGER,
  revoked_at INTEGER,
  fingerprint TEXT,
  sealed TEXT
);
CREATE TABLE cloned_voices (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  consent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  sealed_sample TEXT NOT NULL,
  conditioned_by TEXT,
  sealed_conditioning TEXT
);
`
