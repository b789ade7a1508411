import type Database from "better-sqlite3"

/**
 * Tells of every chunk that comes, changes or goes, whichever statement or cascade does it, of changes to what hits show of their
 * documents, and of changes to who may find them. Triggers of this connection only: nothing of them is in the file. What is told may still be rolled back.
 */
export function watchIndexChanges(
  db: Database.Database,
  on: { chunk(seq: number, isGone: boolean): void; document(): void },
): void {
  db.function("chunk_changed", (seq, isGone) => {
    on.chunk(Number(seq), isGone === 1)
    return null
  })
  db.function("document_changed", () => {
    on.document()
    return null
  })
  db.exec(`
    CREATE TEMP TRIGGER chunk_added AFTER INSERT ON main.chunks BEGIN SELECT chunk_changed(new.seq, 0); END;
    CREATE TEMP TRIGGER chunk_renamed AFTER UPDATE ON main.chunks BEGIN SELECT chunk_changed(new.seq, 0); END;
    CREATE TEMP TRIGGER chunk_gone AFTER DELETE ON main.chunks BEGIN SELECT chunk_changed(old.seq, 1); END;
    CREATE TEMP TRIGGER document_added AFTER INSERT ON main.documents BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER document_gone AFTER DELETE ON main.documents BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER document_changed AFTER UPDATE OF collection_seq, title, path, kind, url, dated_at ON main.documents
      BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER collection_shown AFTER UPDATE OF owner_id, audience ON main.collections BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER share_added AFTER INSERT ON main.shares BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER share_gone AFTER DELETE ON main.shares BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER role_changed AFTER UPDATE OF role ON main.people BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER tag_added AFTER INSERT ON main.document_tags BEGIN SELECT document_changed(); END;
    CREATE TEMP TRIGGER tag_gone AFTER DELETE ON main.document_tags BEGIN SELECT document_changed(); END;`)
}
