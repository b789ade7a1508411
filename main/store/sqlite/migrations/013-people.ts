import type Database from "better-sqlite3"

/**
 * Who lives here, and what is shown to whom. Rows of `people` without a role are kept for what refers to them and are nobody's. What was
 * there before belongs to the owner: its collections can be read by the household, as one person's always could; all else stays theirs.
 */
export function people(db: Database.Database): void {
  db.exec(`
    ALTER TABLE people ADD COLUMN name TEXT;
    ALTER TABLE people ADD COLUMN role TEXT;
    ALTER TABLE people ADD COLUMN colour INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE people ADD COLUMN pin_hash TEXT;
    ALTER TABLE people ADD COLUMN speaker_id TEXT;
    ALTER TABLE people ADD COLUMN persona_id TEXT;
    ALTER TABLE people ADD COLUMN voice TEXT;
    ALTER TABLE people ADD COLUMN language TEXT;
    ALTER TABLE people ADD COLUMN follows_voices INTEGER NOT NULL DEFAULT 1;

    ALTER TABLE collections ADD COLUMN audience TEXT NOT NULL DEFAULT 'private';
    ALTER TABLE conversations ADD COLUMN audience TEXT NOT NULL DEFAULT 'private';
    UPDATE collections SET audience = 'household';

    CREATE TABLE shares (
      subject_id TEXT NOT NULL,
      person_id TEXT NOT NULL REFERENCES people (id),
      PRIMARY KEY (subject_id, person_id)
    ) WITHOUT ROWID;
    CREATE INDEX shares_of_person ON shares (person_id);
    CREATE TRIGGER collection_unshared AFTER DELETE ON collections BEGIN DELETE FROM shares WHERE subject_id = old.id; END;
    CREATE TRIGGER conversation_unshared AFTER DELETE ON conversations BEGIN DELETE FROM shares WHERE subject_id = old.id; END;
  `)
  const add = db.prepare("INSERT OR IGNORE INTO people (id, created_at) VALUES (?, ?)")
  const member = db.prepare("UPDATE people SET name = ?, role = ? WHERE id = ?")
  add.run("owner", Date.now())
  member.run("Owner", "owner", "owner")
  // An unknown voice acts as this one; it has a role and no name, and is listed nowhere.
  add.run("guest", Date.now())
  member.run(null, "guest", "guest")
}
