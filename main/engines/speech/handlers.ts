import type { HostHandlers } from "#core/host/types.ts"
import type { SpeechContract } from "./contract.ts"
import { createSpeakerHandlers } from "./speakerHandlers.ts"
import { createSttHandlers } from "./sttHandlers.ts"
import { createTtsHandlers } from "./ttsHandlers.ts"
import { createTurnHandlers } from "./turnHandlers.ts"
import { createVadHandlers } from "./vadHandlers.ts"
import { createWakeHandlers } from "./wakeHandlers.ts"
import { createWhisperHandlers } from "./whisperHandlers.ts"

/** All methods of the speech child. */
export function createSpeechHandlers(): HostHandlers<SpeechContract> {
  return {
    ...createVadHandlers(),
    ...createSttHandlers(),
    ...createWhisperHandlers(),
    ...createTtsHandlers(),
    ...createSpeakerHandlers(),
    ...createTurnHandlers(),
    ...createWakeHandlers(),
  }
}
