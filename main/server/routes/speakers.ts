import type { speakerRoutes } from "#contract/speakers.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"
import { onlyFile } from "./audio.ts"

const mostRecordings = 20

export const speakerHandlers = ({ speakers }: Pick<ServerDeps, "speakers">): HandlersFor<typeof speakerRoutes> => ({
  "GET /audio/speakers": async (_input, { actor }) => ({ speakers: await speakers.list(actor) }),
  "POST /audio/speaker/enroll": ({ body }, { actor, files, signal }) => {
    if (files.length === 0 || files.length > mostRecordings)
      throw new AppError("request.invalid", `Send 1 to ${mostRecordings} recordings, in the field \`files\`.`)
    return speakers.enroll(actor, { name: body.name, files, hasConsent: body.consent }, signal)
  },
  "POST /audio/speaker/identify": (_input, { actor, files, signal }) =>
    speakers.identify(actor, onlyFile(files), signal),
  "PATCH /audio/speakers/:id": ({ params, body }, { actor }) => speakers.rename(actor, params.id, body.name),
  "DELETE /audio/speakers/:id": async ({ params }, { actor }) => {
    await speakers.forget(actor, params.id)
    return { ok: true }
  },
})
