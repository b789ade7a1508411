import { Pencil, Plus, Trash2 } from "lucide-react"
import { useEffect, useState } from "react"
import type { SpeakerProfile } from "#contract/speakers.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm, Dialog } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes, formatTime } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { toastFailure } from "../frame/attempt.ts"
import { toast } from "../frame/frameStore.ts"
import { useJobs } from "../frame/jobsStore.ts"
import { JobProgress } from "../models/JobProgress.tsx"
import { pullModel, useModels } from "../models/modelsStore.ts"
import { EnrollDialog } from "./EnrollDialog.tsx"
import { forgetSpeaker, loadSpeakers, renameSpeaker, useSpeakers } from "./speakersStore.ts"
import { strings } from "./strings.ts"
import { WhoDialog } from "./WhoDialog.tsx"
import "./speakers.css"

/** Voices that are known: taught here, tried here, renamed and forgotten here. */
export function VoicesCard() {
  const { items, isLoaded, error } = useSpeakers()
  const model = useModels((state) => state.items.find(({ role }) => role === "speaker") ?? null)
  const [enrolling, setEnrolling] = useState<{ known: SpeakerProfile | null } | null>(null)
  const [isAsking, setIsAsking] = useState(false)
  const [renaming, setRenaming] = useState<SpeakerProfile | null>(null)
  const [forgetting, setForgetting] = useState<SpeakerProfile | null>(null)
  useEffect(() => void loadSpeakers(), [])
  const isReady = model?.status === "installed"
  return (
    <section className="card stack voices" data-setting="voices" aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <p className="soft">{strings.text}</p>
      {model && !isReady ? <MissingModel /> : null}
      {error ? <Failure error={error} onRetry={() => void loadSpeakers()} /> : null}
      {isLoaded && !error && items.length === 0 && isReady ? <p>{strings.none}</p> : null}
      {items.length > 0 ? (
        <ul className="plain-list voices-list">
          {items.map((profile) => (
            <li key={profile.id} className="row">
              <div className="grow">
                <div className="row" style={{ flexWrap: "wrap" }}>
                  <strong className="truncate">{profile.name}</strong>
                  <Standing profile={profile} />
                </div>
                <div className="faint numbers">
                  {strings.samples(profile.samples, profile.net_speech_s.toFixed(0))} ·{" "}
                  {strings.learnedAt(formatTime(profile.consented_at))}
                </div>
                {profile.is_outdated ? <div className="soft">{strings.outdatedHint}</div> : null}
              </div>
              {isReady && !profile.is_outdated ? (
                <IconButton small label={strings.addTo(profile.name)} onClick={() => setEnrolling({ known: profile })}>
                  <Plus size={14} />
                </IconButton>
              ) : null}
              <IconButton small label={strings.rename(profile.name)} onClick={() => setRenaming(profile)}>
                <Pencil size={14} />
              </IconButton>
              <IconButton small label={strings.forget(profile.name)} onClick={() => setForgetting(profile)}>
                <Trash2 size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      ) : null}
      {isReady ? (
        <div className="row">
          <Button onClick={() => setEnrolling({ known: null })}>
            <Plus size={14} aria-hidden />
            {strings.teach}
          </Button>
          {items.length > 0 ? <Button onClick={() => setIsAsking(true)}>{strings.who}</Button> : null}
        </div>
      ) : null}
      {enrolling ? <EnrollDialog known={enrolling.known} onClose={() => setEnrolling(null)} /> : null}
      {isAsking ? <WhoDialog onClose={() => setIsAsking(false)} /> : null}
      {renaming ? <RenameDialog profile={renaming} onClose={() => setRenaming(null)} /> : null}
      <Confirm
        isOpen={forgetting !== null}
        title={strings.forgetTitle(forgetting?.name ?? "")}
        description={strings.forgetText}
        action={strings.forgetAction}
        cancel={strings.cancel}
        onClose={() => setForgetting(null)}
        onConfirm={() => {
          if (!forgetting) return
          const { id, name } = forgetting
          void forgetSpeaker(id).then(() => toast(strings.forgotten(name)), toastFailure)
        }}
      />
    </section>
  )
}

function Standing({ profile }: { profile: SpeakerProfile }) {
  if (profile.is_outdated) return <span className="badge warning">{strings.outdated}</span>
  return profile.is_strong ? (
    <span className="badge success">{strings.strong}</span>
  ) : (
    <span className="badge" title={strings.weakHint}>
      {strings.weak}
    </span>
  )
}

function MissingModel() {
  const model = useModels((state) => state.items.find(({ role }) => role === "speaker") ?? null)
  const job = useJobs((state) => (model?.jobId ? (state.jobs[model.jobId] ?? null) : null))
  if (!model) return null
  if (model.status === "downloading") {
    return (
      <div className="stack" role="status">
        {strings.pulling}
        {job ? <JobProgress job={job} /> : null}
      </div>
    )
  }
  return (
    <Notice
      title={strings.missing}
      remedy={strings.missingRemedy}
      action={
        <Button small variant="primary" onClick={() => void pullModel(model.id).catch(toastFailure)}>
          {strings.pull(formatBytes(model.sizeBytes))}
        </Button>
      }
    />
  )
}

function RenameDialog({ profile, onClose }: { profile: SpeakerProfile; onClose: () => void }) {
  const [name, setName] = useState(profile.name)
  const [error, setError] = useState<unknown>(null)
  return (
    <Dialog title={strings.rename(profile.name)} isOpen onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== "") void renameSpeaker(profile.id, name.trim()).then(onClose, setError)
        }}
      >
        <input
          className="field"
          aria-label={strings.newName}
          value={name}
          maxLength={80}
          onChange={(event) => setName(event.target.value)}
        />
        {error ? <Failure error={error} /> : null}
        <div className="dialog-actions">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button variant="primary" type="submit" disabled={name.trim() === ""}>
            {strings.save}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
