/** Whose passages may be sent to another server: none, until the person they belong to says so. */
export const leavingCollections = `
ALTER TABLE collections ADD COLUMN may_leave INTEGER NOT NULL DEFAULT 0;
`
