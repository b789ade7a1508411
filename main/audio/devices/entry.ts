/** The audio child: PortAudio. A fault in a driver ends this process and nothing else. */
import { serveHost } from "#core/host/serve.ts"
import { createAudioHandlers } from "./handlers.ts"
import { loadPortAudio } from "./portAudio.ts"

serveHost(createAudioHandlers(loadPortAudio))
