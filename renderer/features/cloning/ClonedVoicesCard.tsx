import { ExternalLink, Plus, Trash2, Undo2, Volume2 } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import type { ClonedVoice, VoiceConsent } from "#contract/cloning.ts"
import { apiBytes } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatTime } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { toastFailure } from "../frame/attempt.ts"
import { goTo, toast } from "../frame/frameStore.ts"
import { CloneDialog } from "./CloneDialog.tsx"
import { CloningEngine } from "./CloningEngine.tsx"
import { acceptLicence, eraseVoice, loadCloning, revokeConsent, useCloning } from "./cloningStore.ts"
import { strings } from "./strings.ts"
import "./cloning.css"

/** Voices copied with consent: the licence first, then voices, what speaks in them, and the consents on record. */
export function ClonedVoicesCard() {
  const { status, voices, consents, error } = useCloning()
  const [isCloning, setIsCloning] = useState(false)
  const [erasing, setErasing] = useState<ClonedVoice | null>(null)
  const [ending, setEnding] = useState<VoiceConsent | null>(null)
  useEffect(() => void loadCloning(), [])
  const acceptedAt = status?.licence.acceptedAt ?? null
  const isMissing = (status?.missing.length ?? 0) > 0
  return (
    <section className="card stack cloning" data-setting="clonedVoices" aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <p className="soft">{strings.text}</p>
      {error ? <Failure error={error} onRetry={() => void loadCloning()} /> : null}
      {status && acceptedAt === null ? (
        <div className="stack cloning-licence">
          <h3>{strings.licenceTitle}</h3>
          <p>{strings.licenceText(status.licence.summary)}</p>
          <div className="row">
            <Button variant="primary" onClick={() => void acceptLicence(true).catch(toastFailure)}>
              {strings.accept}
            </Button>
            <a href={status.licence.url} target="_blank" rel="noreferrer" className="row">
              {strings.licenceLink(status.licence.name)}
              <ExternalLink size={13} aria-hidden />
            </a>
          </div>
        </div>
      ) : null}
      {status && acceptedAt !== null ? (
        <>
          {isMissing ? (
            <Notice
              title={strings.missing}
              remedy={strings.missingRemedy}
              action={
                <Button small onClick={() => goTo("models")}>
                  {strings.openModels}
                </Button>
              }
            />
          ) : null}
          {voices.length === 0 ? <p>{strings.none}</p> : null}
          {voices.length > 0 ? (
            <ul className="plain-list cloning-list">
              {voices.map((voice) => (
                <li key={voice.id} className="row">
                  <div className="grow">
                    <strong className="truncate">{voice.name}</strong>
                    <div className="faint">
                      {[
                        strings.ofPerson(voice.person),
                        strings.languageNames[voice.language] ?? voice.language,
                        strings.since(formatTime(voice.createdAt)),
                      ].join(" · ")}
                    </div>
                  </div>
                  {status.engine ? <HearButton voice={voice} /> : null}
                  <IconButton small label={strings.erase(voice.name)} onClick={() => setErasing(voice)}>
                    <Trash2 size={14} />
                  </IconButton>
                </li>
              ))}
            </ul>
          ) : null}
          <div className="row">
            <Button disabled={isMissing} onClick={() => setIsCloning(true)}>
              <Plus size={14} aria-hidden />
              {strings.clone}
            </Button>
          </div>
          <CloningEngine engine={status.engine} />
          {consents.length > 0 ? (
            <details>
              <summary>{strings.consents}</summary>
              <ul className="plain-list">
                {consents.map((consent) => (
                  <li key={consent.id} className="row">
                    <span className="grow soft">
                      {strings.consentLine(
                        consent.name,
                        strings.consentStates[consent.state],
                        formatTime(consent.revokedAt ?? consent.givenAt ?? consent.askedAt),
                      )}
                    </span>
                    {consent.state === "given" ? (
                      <IconButton small label={strings.revoke(consent.name)} onClick={() => setEnding(consent)}>
                        <Undo2 size={14} />
                      </IconButton>
                    ) : null}
                  </li>
                ))}
              </ul>
            </details>
          ) : null}
          <details>
            <summary>{strings.checkedTitle}</summary>
            <p className="soft">{strings.checked}</p>
          </details>
          <div className="row faint cloning-accepted">
            <span className="grow">{strings.accepted(formatTime(acceptedAt))}</span>
            <Button small onClick={() => void acceptLicence(false).catch(toastFailure)}>
              {strings.takeBack}
            </Button>
          </div>
        </>
      ) : null}
      {isCloning ? <CloneDialog onClose={() => setIsCloning(false)} /> : null}
      <Confirm
        isOpen={erasing !== null}
        title={strings.eraseTitle(erasing?.name ?? "")}
        description={strings.eraseText}
        action={strings.eraseAction}
        cancel={strings.cancel}
        onClose={() => setErasing(null)}
        onConfirm={() => {
          if (!erasing) return
          const { id, name } = erasing
          void eraseVoice(id).then(() => toast(strings.erased(name)), toastFailure)
        }}
      />
      <Confirm
        isOpen={ending !== null}
        title={strings.revokeTitle(ending?.name ?? "")}
        description={strings.revokeText}
        action={strings.revokeAction}
        cancel={strings.cancel}
        onClose={() => setEnding(null)}
        onConfirm={() => {
          if (!ending) return
          const { id, name } = ending
          void revokeConsent(id).then(() => toast(strings.revoked(name)), toastFailure)
        }}
      />
    </section>
  )
}

/** Says a sentence in the voice. */
function HearButton({ voice }: { voice: ClonedVoice }) {
  const [isSpeaking, setIsSpeaking] = useState(false)
  const playing = useRef<HTMLAudioElement | null>(null)
  useEffect(() => () => playing.current?.pause(), [])
  const hear = async () => {
    setIsSpeaking(true)
    try {
      const text = strings.sampleSentence(voice.person)
      const response = await apiBytes("POST /audio/tts", { body: { text, voice: voice.id } })
      const address = URL.createObjectURL(await response.blob())
      const sound = new Audio(address)
      playing.current = sound
      sound.onended = () => URL.revokeObjectURL(address)
      await sound.play()
    } catch (error) {
      toastFailure(error)
    } finally {
      setIsSpeaking(false)
    }
  }
  return (
    <IconButton
      small
      label={isSpeaking ? strings.hearing : strings.hear(voice.name)}
      disabled={isSpeaking}
      onClick={() => void hear()}
    >
      <Volume2 size={14} />
    </IconButton>
  )
}
