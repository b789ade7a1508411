import type { ClonedVoice, CloningStatus, VoiceConsent } from "#contract/cloning.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { CloningService, SpokenSound } from "#server/deps.ts"

/** Cloned voices of the fake server: consents and voices in memory, speech that says what it was asked. */
export function createFakeCloning(): CloningService {
  const consents = new Map<string, VoiceConsent>()
  const voices = new Map<string, ClonedVoice>()
  const status: CloningStatus = {
    engine: { id: "fake-cloner", kind: "model", name: "Fake cloner", languages: ["en"] },
    licence: { id: "CPML", name: "CPML", url: "https://coqui.ai/cpml", summary: "Private use only.", acceptedAt: 1 },
    missing: [],
  }
  const find = <T>(rows: Map<string, T>, id: string): T => {
    const row = rows.get(id)
    if (row === undefined) throw new AppError("cloning.not-found", "There is no such thing.")
    return row
  }
  const sound = (text: string): SpokenSound => ({
    contentType: "audio/wav",
    bytes: (async function* () {
      yield Buffer.from(text)
    })(),
    isCloned: true,
  })
  const create: CloningService["create"] = async (_actor, { name, consentId, language }) => {
    const consent = find(consents, consentId)
    if (consent.state !== "given") throw new AppError("cloning.no-consent", "There is no consent.")
    const voice = { id: `clone-${newId()}`, name, person: consent.name, language, consentId, createdAt: 1 }
    voices.set(voice.id, voice)
    return voice
  }
  return {
    status: async () => status,
    acceptLicence: async (_actor, isAccepted) => ({
      ...status,
      licence: { ...status.licence, acceptedAt: isAccepted ? 1 : null },
    }),
    async ask(_actor, name) {
      const times = { askedAt: 1, expiresAt: 2, givenAt: null, revokedAt: null }
      const consent: VoiceConsent = { id: newId(), name, phrase: "Read this aloud.", state: "asked", ...times }
      consents.set(consent.id, consent)
      return consent
    },
    async give(_actor, id) {
      const given: VoiceConsent = { ...find(consents, id), state: "given", givenAt: 1 }
      consents.set(id, given)
      return given
    },
    consents: async () => [...consents.values()],
    async revoke(_actor, id) {
      consents.set(id, { ...find(consents, id), state: "revoked", revokedAt: 1 })
      const gone = [...voices.values()].filter(({ consentId }) => consentId === id)
      for (const voice of gone) voices.delete(voice.id)
      return gone.length
    },
    check: async () => ({
      quality: { snr_db: 30, clipping: 0, duration_s: 9 },
      net_speech_s: 8,
      verdict: "good",
    }),
    list: async () => [...voices.values()],
    create,
    async erase(_actor, id) {
      find(voices, id)
      voices.delete(id)
    },
    async speakFrom(actor, request, signal) {
      if (request.name !== null) await create(actor, { ...request, name: request.name }, signal)
      else find(consents, request.consentId)
      return sound(request.text)
    },
    async speakAs(_actor, { text, speaker }) {
      if (![...voices.values()].some(({ person }) => person === speaker))
        throw new AppError("speaker.not-found", "There is no such voice.")
      return sound(text)
    },
    speakAsHeard: async (_actor, { text }) => sound(text),
  }
}
