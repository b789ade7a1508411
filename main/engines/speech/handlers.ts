import type { HostHandlers } from "#core/host/types.ts"
import type { SpeechContract } from "./contract.ts"
import { createSpeakerHandlers } from "./speakerHandlers.ts"
import { createSttHandlers } from "./sttHandlers.ts"
import { createTtsHandlers } from "./ttsHandlers.ts"
import { createTurnHandlers } from "./turnHandlers.ts"
import { createVadHandlers } from "./vadHandlers.ts"

/** All methods of the speech child. */
export function createSpeechHandlers(): HostHandlers<SpeechContract> {
  return {
    ...createVadHandlers(),
    ...createSttHandlers(),
    ...createTtsHandlers(),
    ...createSpeakerHandlers(),
    ...createTurnHandlers(),
  }
}
