import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { SpeechContract } from "#engines/speech/contract.ts"
import { createMoonshine } from "#engines/speech/moonshine.ts"
import { createSileroVad } from "#engines/speech/sileroVad.ts"
import { createWhisper } from "#engines/speech/whisper.ts"
import { moonshineFiles, sileroPath, whisperFiles } from "./modelFiles.ts"

/** The real speech child with the real models. */
export function startSpeechHost() {
  const client = createHostClient<SpeechContract>({
    name: "speech",
    adapter: createForkAdapter({ entry: new URL("../../main/engines/speech/entry.ts", import.meta.url) }),
    log: silentLogger,
    concurrency: 4,
  })
  const vad = createSileroVad({ client, model: { id: "silero-vad-v6", modelPath: sileroPath } })
  const stt = createMoonshine({ client, model: { id: "moonshine-tiny-en", ...moonshineFiles }, vad })
  const whisper = (id: "whisper-tiny-en" | "whisper-base") =>
    createWhisper({ client, model: { id, isMultilingual: id === "whisper-base", ...whisperFiles(id) }, vad })
  return { client, vad, stt, whisper }
}
