import { AudioLines, Mic, Square, X } from "lucide-react"
import { useRef, useState } from "react"
import type { SpeakerProfile } from "#contract/speakers.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { problems } from "../voice/strings.ts"
import { LevelMeter } from "./LevelMeter.tsx"
import { type Recording, useRecorder } from "./recorder.ts"
import { loadSpeakers } from "./speakersStore.ts"
import { strings } from "./strings.ts"

type Learned = Awaited<ReturnType<typeof learn>>

const learn = (name: string, files: readonly File[]) =>
  api("POST /audio/speaker/enroll", { fields: { name, consent: "true" }, files: [...files] })

/** Three sentences to read, or files; explicit consent; then the voice is learned. */
export function EnrollDialog({ known, onClose }: { known: SpeakerProfile | null; onClose: () => void }) {
  const [name, setName] = useState(known?.name ?? "")
  const [takes, setTakes] = useState<Record<number, Recording>>({})
  const [files, setFiles] = useState<File[]>([])
  const [hasConsent, setHasConsent] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [learned, setLearned] = useState<Learned | null>(null)
  const picker = useRef<HTMLInputElement>(null)
  const recordings = [...Object.values(takes).map(({ file }) => file), ...files]
  const missing =
    name.trim() === ""
      ? strings.missingSteps.name
      : recordings.length === 0
        ? strings.missingSteps.recordings
        : hasConsent
          ? null
          : strings.missingSteps.consent
  const submit = async () => {
    setIsBusy(true)
    setError(null)
    try {
      setLearned(await learn(name.trim(), recordings))
      await loadSpeakers()
    } catch (reason) {
      setError(reason)
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <Dialog
      title={known ? strings.enrollMore(known.name) : strings.enrollTitle}
      description={strings.enrollText}
      className="enroll"
      isOpen
      onClose={onClose}
    >
      {learned ? (
        <Outcome
          name={name.trim()}
          learned={learned}
          onMore={() => {
            setLearned(null)
            setTakes({})
            setFiles([])
          }}
          onClose={onClose}
        />
      ) : (
        <form
          className="stack enroll-form"
          onSubmit={(event) => {
            event.preventDefault()
            if (!missing && !isBusy) void submit()
          }}
        >
          {known ? null : (
            <label className="stack" style={{ gap: 4 }}>
              {strings.name}
              <input
                className="field"
                value={name}
                maxLength={80}
                autoComplete="off"
                onChange={(event) => setName(event.target.value)}
              />
            </label>
          )}
          <h3>{strings.read}</h3>
          <ol className="plain-list enroll-sentences">
            {strings.sentences.map((sentence, index) => (
              <Sentence
                key={sentence}
                index={index + 1}
                text={sentence}
                take={takes[index] ?? null}
                onTake={(take) => setTakes((all) => ({ ...all, [index]: take }))}
              />
            ))}
          </ol>
          <div className="row enroll-files">
            <span className="soft grow">{strings.orFiles}</span>
            <input
              ref={picker}
              type="file"
              accept="audio/*"
              multiple
              hidden
              onChange={(event) => {
                const picked = [...(event.target.files ?? [])]
                setFiles((all) => [...all, ...picked])
                event.target.value = ""
              }}
            />
            <Button small onClick={() => picker.current?.click()}>
              {strings.addFiles}
            </Button>
          </div>
          {files.length > 0 ? (
            <ul className="plain-list">
              {files.map((file) => (
                <li className="row" key={`${file.name} ${file.size}`}>
                  <AudioLines size={14} aria-hidden />
                  <span className="grow truncate">{file.name}</span>
                  <IconButton
                    small
                    label={strings.removeFile(file.name)}
                    onClick={() => setFiles((all) => all.filter((other) => other !== file))}
                  >
                    <X size={13} />
                  </IconButton>
                </li>
              ))}
            </ul>
          ) : null}
          <label className="enroll-consent">
            <input type="checkbox" checked={hasConsent} onChange={(event) => setHasConsent(event.target.checked)} />
            <span>
              {strings.consent}
              <span className="soft">{strings.consentKept}</span>
            </span>
          </label>
          {error ? <Failure error={error} /> : null}
          <div className="dialog-actions">
            <span className="faint grow">{isBusy ? strings.learning : missing}</span>
            <Button onClick={onClose}>{strings.cancel}</Button>
            <Button variant="primary" type="submit" disabled={missing !== null || isBusy}>
              {strings.learn}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

interface SentenceProps {
  index: number
  text: string
  take: Recording | null
  onTake: (take: Recording) => void
}

function Sentence({ index, text, take, onTake }: SentenceProps) {
  const recorder = useRecorder(`sentence-${index}`)
  return (
    <li className="enroll-sentence">
      <div className="grow stack" style={{ gap: 4 }}>
        <span>{text}</span>
        {recorder.isRecording ? (
          <LevelMeter level={recorder.level} seconds={recorder.seconds} />
        ) : take ? (
          <span className={take.verdict === "good" ? "enroll-verdict good" : "enroll-verdict"} role="status">
            {strings.verdicts[take.verdict]} · {strings.seconds(take.seconds.toFixed(1))}
          </span>
        ) : null}
        {recorder.problem ? <Notice tone="warning" {...problems[recorder.problem]} /> : null}
      </div>
      {recorder.isRecording ? (
        <Button
          small
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
        <IconButton label={take ? strings.again(index) : strings.record(index)} onClick={recorder.start}>
          <Mic size={16} />
        </IconButton>
      )}
    </li>
  )
}

interface OutcomeProps {
  name: string
  learned: Learned
  onMore: () => void
  onClose: () => void
}

function Outcome({ name, learned, onMore, onClose }: OutcomeProps) {
  return (
    <div className="stack" role="status">
      <p>{strings.learned(name, learned.net_speech_s.toFixed(1))}</p>
      <p className="soft">
        {strings.quality(learned.quality.snr_db.toFixed(0))}{" "}
        {learned.is_strong ? strings.strongEnough : strings.wantsMore}
      </p>
      <div className="dialog-actions">
        {learned.is_strong ? null : <Button onClick={onMore}>{strings.more}</Button>}
        <Button variant="primary" onClick={onClose}>
          {strings.done}
        </Button>
      </div>
    </div>
  )
}
