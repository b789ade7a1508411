/** Which server wrote an answer and why it was asked, as JSON. NULL: this computer, without a choice. */
export const whereAnswersWent = `
ALTER TABLE messages ADD COLUMN sent TEXT;
`
