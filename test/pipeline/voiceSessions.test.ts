import { expect, it } from "vitest"
import { createVoiceChannels } from "#app/voiceChannels.ts"
import { createVoiceSessions } from "#app/voiceSessions.ts"
import type { Turns } from "#chat/turns.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import { createLoudnessVad, createScriptedSpeechToText } from "../fakes/voiceFakes.ts"

const silentGuard = { push: async () => null, close: async () => undefined }
const signal = new AbortController().signal

function sessions() {
  const channels = createVoiceChannels({
    devices: {
      open() {
        throw new AppError("audio.no-addon", "There is no addon.", { remedy: "Build it." })
      },
    },
    log: silentLogger,
    count: () => undefined,
  })
  const started = createVoiceSessions({
    turns: {} as Turns,
    channels,
    vad: async () => createLoudnessVad(),
    speechToText: async () => createScriptedSpeechToText("hello"),
    tuning: { tell: () => undefined },
    waking: { check: async () => undefined, open: async () => silentGuard, onOff: () => () => undefined },
    log: silentLogger,
  })
  return { channels, started }
}

it("ends with its microphone, and may be ended again", async () => {
  const { channels, started } = sessions()
  const { sessionId } = await started.start(ownerActor, { streamId: 7 })
  const phases: string[] = []
  const watching = (async () => {
    for await (const { phase } of started.watch(ownerActor, sessionId, signal)) phases.push(phase)
  })()
  channels.exchange.end(ownerActor, 7)
  await watching
  expect(phases).toEqual(["waiting", "ended"])
  await started.end(ownerActor, sessionId)
  const again: string[] = []
  for await (const { phase } of started.watch(ownerActor, sessionId, signal)) again.push(phase)
  expect(again).toEqual(["ended"])
})

it("belongs to whoever started it", async () => {
  const { started } = sessions()
  const { sessionId } = await started.start(ownerActor, { streamId: 7 })
  const stranger = { personId: "stranger", scopes: [] }
  await expect(started.end(stranger, sessionId)).rejects.toMatchObject({ code: "turn.not-found" })
  await started.close()
})
