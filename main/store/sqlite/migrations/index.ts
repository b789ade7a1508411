import type Database from "better-sqlite3"
import { initial } from "./001-initial.ts"
import { places } from "./002-places.ts"
import { feedback } from "./003-feedback.ts"
import { memories } from "./004-memories.ts"
import { artifacts } from "./005-artifacts.ts"
import { auditChain } from "./006-audit-chain.ts"
import { folders } from "./007-folders.ts"
import { exactVectors } from "./008-exact-vectors.ts"
import { voiceProfiles } from "./009-voice-profiles.ts"
import { evaluations } from "./010-evaluations.ts"
import { healthReports } from "./011-health-reports.ts"
import { speakersOfMessages } from "./012-speakers-of-messages.ts"
import { people } from "./013-people.ts"
import { clonedVoices } from "./014-cloned-voices.ts"
import { answersByTime } from "./015-answers-by-time.ts"
import { whereAnswersWent } from "./016-where-answers-went.ts"
import { turnSounds } from "./017-turn-sounds.ts"
import { leavingCollections } from "./018-leaving-collections.ts"

/** One step forward of the schema; its place in the list plus one is the `user_version` after it. Released steps never change. */
export type Migration = string | ((db: Database.Database) => void)

export const migrations: readonly Migration[] = [
  initial,
  places,
  feedback,
  memories,
  artifacts,
  auditChain,
  folders,
  exactVectors,
  voiceProfiles,
  evaluations,
  healthReports,
  speakersOfMessages,
  people,
  clonedVoices,
  answersByTime,
  whereAnswersWent,
  turnSounds,
  leavingCollections,
]
