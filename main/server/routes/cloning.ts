import type { cloningRoutes } from "#contract/cloning.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"
import { onlyFile, soundReply } from "./audio.ts"

export const cloningHandlers = ({ cloning }: Pick<ServerDeps, "cloning">): HandlersFor<typeof cloningRoutes> => ({
  "GET /audio/cloning": () => cloning.status(),
  "PUT /audio/cloning/licence": ({ body }, { actor }) => cloning.acceptLicence(actor, body.accepted),
  "POST /audio/consents": ({ body }, { actor }) => cloning.ask(actor, body.name),
  "GET /audio/consents": async (_input, { actor }) => ({ consents: await cloning.consents(actor) }),
  "PUT /audio/consents/:id": ({ params }, { actor, files, signal }) =>
    cloning.give(actor, params.id, onlyFile(files), signal),
  "DELETE /audio/consents/:id": async ({ params }, { actor }) => ({ erased: await cloning.revoke(actor, params.id) }),
  "POST /audio/cloned_voices/check": (_input, { files, signal }) => cloning.check(onlyFile(files), signal),
  "GET /audio/cloned_voices": async (_input, { actor }) => ({ voices: await cloning.list(actor) }),
  "POST /audio/cloned_voices": ({ body }, { actor, files, signal }) =>
    cloning.create(
      actor,
      { name: body.voice_name, consentId: body.consent_id, language: body.language, file: onlyFile(files) },
      signal,
    ),
  "DELETE /audio/cloned_voices/:id": async ({ params }, { actor }) => {
    await cloning.erase(actor, params.id)
    return { ok: true }
  },
  "POST /audio/xtts_clone": async ({ body }, info) => {
    const { text, language, format } = body
    const request = { text, language, format, consentId: body.consent_id, name: body.voice_name ?? null }
    const sound = await cloning.speakFrom(info.actor, { ...request, file: onlyFile(info.files) }, info.signal)
    return await soundReply(sound, { format, stream: false }, info)
  },
  "POST /audio/speaker/clone_profile": async ({ body }, info) =>
    await soundReply(await cloning.speakAs(info.actor, body, info.signal), { ...body, stream: false }, info),
  "POST /audio/speaker/identify_clone": async ({ body }, info) => {
    const sound = await cloning.speakAsHeard(info.actor, { ...body, file: onlyFile(info.files) }, info.signal)
    return await soundReply(sound, { ...body, stream: false }, info)
  },
})
