import { Mic, Square } from "lucide-react"
import { useRef, useState } from "react"
import type { SampleVerdict, VoiceConsent } from "#contract/cloning.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { LevelMeter } from "../speakers/LevelMeter.tsx"
import { type Recording, useRecorder } from "../speakers/recorder.ts"
import { problems } from "../voice/strings.ts"
import { loadCloning, useCloning } from "./cloningStore.ts"
import { strings } from "./strings.ts"

interface Sample {
  file: File
  verdict: SampleVerdict
}

/** A recording that is good enough, the person's consent read aloud, then the voice is made. */
export function CloneDialog({ onClose }: { onClose: () => void }) {
  const languages = useCloning((state) => state.status?.engine?.languages) ?? ["en"]
  const isSilent = useCloning((state) => state.status?.engine === null)
  const [person, setPerson] = useState("")
  const [voiceName, setVoiceName] = useState("")
  const [language, setLanguage] = useState(languages.includes("en") ? "en" : (languages[0] ?? "en"))
  const [sample, setSample] = useState<Sample | null>(null)
  const [consent, setConsent] = useState<VoiceConsent | null>(null)
  const [isDone, setIsDone] = useState(false)
  const [busy, setBusy] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const name = voiceName.trim() || person.trim()
  const step = isDone ? 2 : consent ? 1 : 0

  /** Runs one step, saying what is being done and why it failed. */
  const run = async (what: string, work: () => Promise<void>) => {
    setBusy(what)
    setError(null)
    try {
      await work()
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(null)
    }
  }
  const check = (file: File) =>
    run(strings.checking, async () => {
      setSample(null)
      setSample({ file, verdict: await api("POST /audio/cloned_voices/check", { fields: {}, files: [file] }) })
    })
  const ask = () =>
    run(strings.checking, async () => setConsent(await api("POST /audio/consents", { body: { name: person.trim() } })))
  const give = (recording: Recording) =>
    run(strings.listening, async () => {
      if (!consent || !sample) return
      const given =
        consent.state === "given"
          ? consent
          : await api("PUT /audio/consents/:id", { params: { id: consent.id }, fields: {}, files: [recording.file] })
      setConsent(given)
      setBusy(strings.making)
      await api("POST /audio/cloned_voices", {
        fields: { voice_name: name, consent_id: given.id, language },
        files: [sample.file],
      })
      await loadCloning()
      setIsDone(true)
    })
  const missing =
    person.trim() === "" ? strings.missingSteps.person : sample === null ? strings.missingSteps.sample : null

  return (
    <Dialog title={strings.clone} description={strings.dialogText} className="clone" isOpen onClose={onClose}>
      <p className="faint" role="status">
        {strings.step(step + 1, strings.steps.length, strings.steps[step] ?? "")}
      </p>
      {step === 0 ? (
        <div className="stack clone-step">
          <div className="clone-names">
            <label className="stack">
              {strings.person}
              <input
                className="field"
                value={person}
                maxLength={80}
                autoComplete="off"
                onChange={(event) => setPerson(event.target.value)}
              />
            </label>
            <label className="stack">
              {strings.voiceName}
              <input
                className="field"
                value={voiceName}
                placeholder={person}
                maxLength={80}
                autoComplete="off"
                onChange={(event) => setVoiceName(event.target.value)}
              />
            </label>
            <label className="stack">
              {strings.language}
              <select className="field" value={language} onChange={(event) => setLanguage(event.target.value)}>
                {languages.map((code) => (
                  <option key={code} value={code}>
                    {strings.languageNames[code] ?? code}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <h3>{strings.script}</h3>
          <Aloud
            text={strings.scriptText}
            name="sample"
            isAgain={sample !== null}
            isBusy={busy !== null}
            onTake={(taken) => void check(taken.file)}
          />
          <FileRow onFile={(file) => void check(file)} />
          {sample ? (
            <p className={sample.verdict.verdict === "good" ? "clone-verdict good" : "clone-verdict"} role="status">
              {strings[sample.verdict.verdict]}.{" "}
              {strings.sampleFacts(sample.verdict.net_speech_s.toFixed(1), sample.verdict.quality.snr_db.toFixed(0))}
            </p>
          ) : null}
        </div>
      ) : null}
      {step === 1 && consent ? (
        <div className="stack clone-step">
          <h3>{strings.consentTitle(person.trim())}</h3>
          <Aloud
            text={consent.phrase}
            name="consent"
            isAgain={error !== null}
            isBusy={busy !== null}
            onTake={(taken) => void give(taken)}
          />
          <p className="soft">{strings.consentText(person.trim())}</p>
        </div>
      ) : null}
      {step === 2 ? (
        <div className="stack clone-step" role="status">
          <p>{strings.done(name)}</p>
          <p className="soft">{strings.doneText(person.trim())}</p>
          {isSilent ? <p className="soft">{strings.doneSilent}</p> : null}
        </div>
      ) : null}
      {error ? <Failure error={error} /> : null}
      <div className="dialog-actions">
        <span className="faint grow">{busy ?? (step === 0 ? missing : null)}</span>
        {step === 0 ? (
          <>
            <Button onClick={onClose}>{strings.cancel}</Button>
            <Button variant="primary" disabled={missing !== null || busy !== null} onClick={() => void ask()}>
              {strings.next}
            </Button>
          </>
        ) : null}
        {step === 1 ? (
          <>
            <Button
              disabled={busy !== null}
              onClick={() => {
                setConsent(null)
                setError(null)
              }}
            >
              {strings.back}
            </Button>
            <Button disabled={busy !== null} onClick={() => void ask()}>
              {strings.newPhrase}
            </Button>
          </>
        ) : null}
        {step === 2 ? (
          <Button variant="primary" onClick={onClose}>
            {strings.close}
          </Button>
        ) : null}
      </div>
    </Dialog>
  )
}

interface AloudProps {
  text: string
  name: string
  isAgain: boolean
  isBusy: boolean
  onTake: (taken: Recording) => void
}

/** A text to read, with the microphone beside it. */
function Aloud({ text, name, isAgain, isBusy, onTake }: AloudProps) {
  const recorder = useRecorder(name)
  return (
    <div className="stack clone-aloud">
      <blockquote>{text}</blockquote>
      {recorder.isRecording ? <LevelMeter level={recorder.level} seconds={recorder.seconds} /> : null}
      {recorder.problem ? <Notice tone="warning" {...problems[recorder.problem]} /> : null}
      <div>
        {recorder.isRecording ? (
          <Button
            className="recording"
            onClick={() => {
              const taken = recorder.stop()
              if (taken) onTake(taken)
            }}
          >
            <Square size={11} fill="currentColor" aria-hidden />
            {strings.stop}
          </Button>
        ) : (
          <Button disabled={isBusy} onClick={recorder.start}>
            <Mic size={14} aria-hidden />
            {isAgain ? strings.recordAgain : strings.record}
          </Button>
        )}
      </div>
    </div>
  )
}

function FileRow({ onFile }: { onFile: (file: File) => void }) {
  const picker = useRef<HTMLInputElement>(null)
  return (
    <div className="row">
      <span className="soft grow">{strings.orFile}</span>
      <input
        ref={picker}
        type="file"
        accept="audio/*"
        hidden
        onChange={(event) => {
          const [file] = event.target.files ?? []
          if (file) onFile(file)
          event.target.value = ""
        }}
      />
      <Button small onClick={() => picker.current?.click()}>
        {strings.chooseFile}
      </Button>
    </div>
  )
}
