/** The speech child: voice activity, speech-to-text and text-to-speech. */
import { serveHost } from "#core/host/serve.ts"
import { createSpeechHandlers } from "./handlers.ts"

serveHost(createSpeechHandlers())
