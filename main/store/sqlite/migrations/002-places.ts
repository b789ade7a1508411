/** Where a passage stands in sound, the address of a page, and the date a document carries. */
export const places = `
ALTER TABLE chunks ADD COLUMN start_ms INTEGER;
ALTER TABLE chunks ADD COLUMN end_ms INTEGER;
ALTER TABLE documents ADD COLUMN url TEXT;
ALTER TABLE documents ADD COLUMN dated_at INTEGER;
ALTER TABLE document_texts ADD COLUMN times TEXT NOT NULL DEFAULT '[]';
`
