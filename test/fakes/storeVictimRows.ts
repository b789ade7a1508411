import type { DocumentContent, NewDocument } from "#store/types.ts"

/** Chunks of every document that a victim writes: a document with any other number is half a document. */
export const victimChunks = 25

export const victimDocument = (collectionId: string, path: string): NewDocument => ({
  collectionId,
  title: path,
  path,
  kind: "md",
  sizeBytes: 1,
  filePath: null,
  contentHash: path,
})

export const victimContent = (name: string): DocumentContent => ({
  text: name,
  pages: [],
  pageCount: null,
  chunks: Array.from({ length: victimChunks }, (_, ordinal) => ({
    ordinal,
    text: `${name} passage ${ordinal} about walruses and filters`,
    headingPath: ["Heading"],
    page: null,
    start: 0,
    end: 1,
    tokenCount: 8,
  })),
  vectors: Array.from({ length: victimChunks }, (_, n) => Float32Array.from({ length: 64 }, (_, i) => Math.sin(n + i))),
  fingerprint: "victim",
})

/** A step that takes long enough to be killed in. */
export const slowMigration = `
CREATE TABLE extra (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 400000)
INSERT INTO extra SELECT n, 'row ' || n FROM count;
ALTER TABLE conversations ADD COLUMN extra INTEGER;
UPDATE messages SET text = text || ' (migrated)';
`
