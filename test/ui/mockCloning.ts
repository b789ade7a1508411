import type { ClonedVoice, CloningStatus, SampleVerdict, VoiceConsent } from "#contract/cloning.ts"
import type { ErrorCode } from "#contract/errors.ts"

export interface MockCloningOptions {
  isAccepted?: boolean
  engine?: CloningStatus["engine"]
  voices?: ClonedVoice[]
  /** What a sample, a reading or a new voice is refused with. */
  refuses?: { check?: Refusal; give?: Refusal; create?: Refusal }
}

interface Refusal {
  code: ErrorCode
  message: string
  remedy: string
}

type Fail = new (code: ErrorCode, message: string, remedy?: string) => Error

/** Cloned voices of the mock core. Refusals happen once. */
export function mockCloning(options: MockCloningOptions, Failure: Fail) {
  let acceptedAt = options.isAccepted ? Date.now() : null
  let voices = options.voices ?? []
  let consents: VoiceConsent[] = []
  const refuses = { ...options.refuses }
  const refuse = (what: keyof typeof refuses): void => {
    const refusal = refuses[what]
    delete refuses[what]
    if (refusal) throw new Failure(refusal.code, refusal.message, refusal.remedy)
  }
  const status = (): CloningStatus => ({
    engine: options.engine ?? null,
    licence: {
      id: "CPML",
      name: "Coqui Public Model License 1.0.0",
      url: "https://coqui.ai/cpml",
      summary: "XTTS v2 and what it says may be used for private, non-commercial purposes only.",
      acceptedAt,
    },
    missing: [],
  })
  const consentOf = (id: string): VoiceConsent => {
    const found = consents.find((consent) => consent.id === id)
    if (!found) throw new Failure("cloning.not-found", "There is no such consent.")
    return found
  }
  const change = (id: string, changes: Partial<VoiceConsent>): VoiceConsent => {
    const changed = { ...consentOf(id), ...changes }
    consents = consents.map((consent) => (consent.id === id ? changed : consent))
    return changed
  }
  return {
    "GET /audio/cloning": status,
    "PUT /audio/cloning/licence": ({ body }: { body: { accepted: boolean } }) => {
      acceptedAt = body.accepted ? Date.now() : null
      return status()
    },
    "GET /audio/cloned_voices": () => ({ voices }),
    "GET /audio/consents": () => ({ consents }),
    "POST /audio/consents": ({ body }: { body: { name: string } }): VoiceConsent => {
      const consent: VoiceConsent = {
        id: `consent-${consents.length + 1}`,
        name: body.name,
        phrase:
          "I agree that this computer may speak with a copy of my voice. Quiet pigeons painted eleven golden ladders near the harbour.",
        state: "asked",
        askedAt: Date.now(),
        expiresAt: Date.now() + 600_000,
        givenAt: null,
        revokedAt: null,
      }
      consents = [consent, ...consents]
      return consent
    },
    "PUT /audio/consents/:id": ({ params }: { params: { id: string } }) => {
      refuse("give")
      return change(params.id, { state: "given", givenAt: Date.now() })
    },
    "DELETE /audio/consents/:id": ({ params }: { params: { id: string } }) => {
      change(params.id, { state: "revoked", revokedAt: Date.now() })
      const gone = voices.filter(({ consentId }) => consentId === params.id)
      voices = voices.filter((voice) => !gone.includes(voice))
      return { erased: gone.length }
    },
    "POST /audio/cloned_voices/check": (): SampleVerdict => {
      refuse("check")
      return { quality: { snr_db: 34, clipping: 0, duration_s: 15 }, net_speech_s: 13.2, verdict: "good" }
    },
    "POST /audio/cloned_voices": ({
      body,
    }: {
      body: { voice_name: string; consent_id: string; language: string }
    }): ClonedVoice => {
      refuse("create")
      const { name: person, id: consentId } = consentOf(body.consent_id)
      const id = `clone-${voices.length + 1}`
      const voice = { id, name: body.voice_name, person, language: body.language, consentId, createdAt: Date.now() }
      voices = [...voices, voice]
      return voice
    },
    "DELETE /audio/cloned_voices/:id": ({ params }: { params: { id: string } }) => {
      voices = voices.filter(({ id }) => id !== params.id)
      return { ok: true as const }
    },
  }
}
