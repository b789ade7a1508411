/** The audio child: PortAudio. A fault in a driver ends this process and nothing else. */
import { constants, setPriority } from "node:os"
import { serveHost } from "#core/host/serve.ts"
import { createAudioHandlers } from "./handlers.ts"
import { loadPortAudio } from "./portAudio.ts"

try {
  // A late block is heard as a crack. Systems that allow this only to administrators leave things as they are.
  setPriority(constants.priority.PRIORITY_HIGH)
} catch {
  // At the usual priority it works too, until the machine is busy.
}
serveHost(createAudioHandlers(loadPortAudio))
