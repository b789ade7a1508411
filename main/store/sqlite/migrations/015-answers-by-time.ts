/** The timeline reads the newest answers of all conversations. */
export const answersByTime = `
CREATE INDEX answers_by_time ON messages (owner_id, created_at DESC) WHERE role = 'assistant';
`
