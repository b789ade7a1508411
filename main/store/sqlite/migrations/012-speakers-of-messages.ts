/** Whose voice asked: a profile's id, so that names are nowhere but in the profile. Empty: nobody who is known. NULL: nobody asked. */
export const speakersOfMessages = `
ALTER TABLE messages ADD COLUMN speaker_id TEXT;
`
