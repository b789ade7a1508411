import type { deviceRoutes } from "#contract/devices.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor, RequestInfo } from "../handlers.ts"

export const deviceHandlers = ({ devices }: Pick<ServerDeps, "devices">): HandlersFor<typeof deviceRoutes> => {
  const viewAfter = async (change: Promise<void>, { actor, signal }: RequestInfo) => {
    await change
    return await devices.view(actor, signal)
  }
  return {
    "GET /audio/devices": (_input, { actor, signal }) => devices.view(actor, signal),
    "GET /audio/devices/events": async (_input, { actor, signal }) =>
      (async function* () {
        for await (const event of devices.events(actor, signal)) yield { event: event.type, data: event }
      })(),
    "PUT /audio/devices/selection": ({ body }, info) => viewAfter(devices.select(info.actor, body), info),
    "PUT /audio/volume": ({ body }, info) => viewAfter(devices.set(info.actor, { volume: body.volume }), info),
    "PUT /audio/mute": ({ body }, info) => viewAfter(devices.set(info.actor, { isMuted: body.muted }), info),
    "PUT /audio/mic": ({ body: { gain, muted } }, info) =>
      viewAfter(
        devices.set(info.actor, {
          ...(gain === undefined ? {} : { microphoneGain: gain }),
          ...(muted === undefined ? {} : { isMicrophoneMuted: muted }),
        }),
        info,
      ),
    "POST /audio/devices/tone": async (_input, { signal }) => {
      const { output, playedMs } = await devices.tone(signal)
      return { output, played_ms: playedMs }
    },
    "POST /audio/devices/check": async ({ body }, { signal }) =>
      (async function* () {
        for await (const event of devices.check(body, signal)) yield { event: event.type, data: event }
      })(),
  }
}
