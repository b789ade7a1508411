import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { notFound } from "../notFound.ts"
import type { ClonedVoiceContent, ClonedVoiceRecord, ClonedVoiceRepository, VoiceConsentRecord } from "../types.ts"
import { owned, type StoreContext, type Sync } from "./context.ts"
import { erasing } from "./erase.ts"

interface ConsentRow {
  id: string
  name: string
  phrase: string
  asked_at: number
  expires_at: number
  given_at: number | null
  revoked_at: number | null
  fingerprint: string | null
  sealed: string | null
}

interface VoiceRow {
  id: string
  consent_id: string
  name: string
  person: string
  language: string
  created_at: number
}

interface ContentRow extends VoiceRow {
  sealed_sample: string
  conditioned_by: string | null
  sealed_conditioning: string | null
}

const toConsent = (row: ConsentRow): VoiceConsentRecord => ({
  id: row.id,
  name: row.name,
  phrase: row.phrase,
  state: row.revoked_at !== null ? "revoked" : row.given_at !== null ? "given" : "asked",
  askedAt: row.asked_at,
  expiresAt: row.expires_at,
  givenAt: row.given_at,
  revokedAt: row.revoked_at,
  fingerprint: row.fingerprint,
  sealed: row.sealed,
})

const toVoice = (row: VoiceRow): ClonedVoiceRecord => ({
  id: row.id,
  consentId: row.consent_id,
  name: row.name,
  person: row.person,
  language: row.language,
  createdAt: row.created_at,
})

const toContent = (row: ContentRow): ClonedVoiceContent => ({
  ...toVoice(row),
  sealedSample: row.sealed_sample,
  conditioning:
    row.conditioned_by !== null && row.sealed_conditioning !== null
      ? { fingerprint: row.conditioned_by, sealed: row.sealed_conditioning }
      : null,
})

const voiceColumns = "v.id, v.consent_id, v.name, c.name AS person, v.language, v.created_at"
const voices = "FROM cloned_voices v JOIN voice_consents c ON c.id = v.consent_id"

export function createClonedVoices(context: StoreContext): Sync<ClonedVoiceRepository> {
  const { all, get, run } = context
  const consentOf = (actor: Actor, id: string): VoiceConsentRecord => {
    const row = get<ConsentRow>(`SELECT c.* FROM voice_consents c WHERE c.id = @id AND ${owned("c")}`, {
      ...context.owner(actor),
      id,
    })
    if (!row) throw notFound("consent")
    return toConsent(row)
  }
  const contentOf = (actor: Actor, id: string): ClonedVoiceContent => {
    const row = get<ContentRow>(
      `SELECT ${voiceColumns}, v.sealed_sample, v.conditioned_by, v.sealed_conditioning ${voices}
        WHERE v.id = @id AND ${owned("v")}`,
      { ...context.owner(actor), id },
    )
    if (!row) throw notFound("cloned voice")
    return toContent(row)
  }
  // What a sample held must not stay in the file either.
  const erase = <T>(work: () => T): T => erasing(context, ["cloned_voices", "voice_consents"], work)
  const end = (consentId: string): void => {
    run(
      `UPDATE voice_consents SET sealed = NULL, fingerprint = NULL, revoked_at = COALESCE(revoked_at, @now)
        WHERE id = @consentId`,
      { consentId, now: context.now() },
    )
  }

  return {
    ask(actor, { id, name, phrase, expiresAt }) {
      run(
        `INSERT INTO voice_consents (id, owner_id, name, phrase, asked_at, expires_at)
         VALUES (@id, @owner, @name, @phrase, @now, @expiresAt)`,
        { ...context.owner(actor), id, name, phrase, expiresAt, now: context.now() },
      )
      return consentOf(actor, id)
    },
    consent: consentOf,
    consents: (actor) =>
      all<ConsentRow>(
        `SELECT c.* FROM voice_consents c WHERE ${owned("c")} ORDER BY c.asked_at DESC, c.id DESC`,
        context.owner(actor),
      ).map(toConsent),
    give(actor, id, { fingerprint, sealed }) {
      consentOf(actor, id)
      run(
        "UPDATE voice_consents SET given_at = @now, fingerprint = @fingerprint, sealed = @sealed WHERE id = @id AND revoked_at IS NULL",
        { id, fingerprint, sealed, now: context.now() },
      )
      return consentOf(actor, id)
    },
    revoke(actor, id) {
      consentOf(actor, id)
      return erase(() => {
        const gone = all<{ id: string }>("SELECT id FROM cloned_voices WHERE consent_id = @id", { id })
        run("DELETE FROM cloned_voices WHERE consent_id = @id", { id })
        end(id)
        return gone.map((voice) => voice.id)
      })
    },
    create(actor, { id, consentId, name, language, sealedSample }) {
      consentOf(actor, consentId)
      const taken = get(`SELECT 1 FROM cloned_voices v WHERE fold(v.name) = fold(@name) AND ${owned("v")}`, {
        ...context.owner(actor),
        name,
      })
      if (taken)
        throw new AppError("request.conflict", `There is a cloned voice called ${name} already.`, {
          remedy: "Choose another name, or erase that one first.",
        })
      run(
        `INSERT INTO cloned_voices (id, owner_id, consent_id, name, language, created_at, sealed_sample)
         VALUES (@id, @owner, @consentId, @name, @language, @now, @sealedSample)`,
        { ...context.owner(actor), id, consentId, name, language, sealedSample, now: context.now() },
      )
      const { sealedSample: _sample, conditioning: _conditioning, ...voice } = contentOf(actor, id)
      return voice
    },
    list: (actor) =>
      all<VoiceRow>(
        `SELECT ${voiceColumns} ${voices} WHERE ${owned("v")} ORDER BY fold(v.name)`,
        context.owner(actor),
      ).map(toVoice),
    get: contentOf,
    setConditioning(actor, id, { fingerprint, sealed }) {
      contentOf(actor, id)
      run("UPDATE cloned_voices SET conditioned_by = @fingerprint, sealed_conditioning = @sealed WHERE id = @id", {
        id,
        fingerprint,
        sealed,
      })
    },
    discard(actor, id) {
      contentOf(actor, id)
      erase(() => run("DELETE FROM cloned_voices WHERE id = @id", { id }))
    },
    delete(actor, id) {
      const { consentId } = contentOf(actor, id)
      erase(() => {
        run("DELETE FROM cloned_voices WHERE id = @id", { id })
        if (!get("SELECT 1 FROM cloned_voices WHERE consent_id = @consentId", { consentId })) end(consentId)
      })
    },
  }
}
