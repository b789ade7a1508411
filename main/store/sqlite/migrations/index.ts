import { initial } from "./001-initial.ts"
import { places } from "./002-places.ts"
import { feedback } from "./003-feedback.ts"

/** One step forward of the schema; its place in the list plus one is the `user_version` after it. Released steps never change. */
export type Migration = string

export const migrations: readonly Migration[] = [initial, places, feedback]
