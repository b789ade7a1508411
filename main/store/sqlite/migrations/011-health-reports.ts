/** What other programs report of themselves, until it expires. */
export const healthReports = `
CREATE TABLE health_reports (
  component TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  detail TEXT NOT NULL,
  value REAL,
  reported_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
`
