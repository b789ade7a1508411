import { useEffect, useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { Slider, Switch } from "../../ui/Switch.tsx"
import { toastFailure } from "../frame/attempt.ts"
import { useJobs } from "../frame/jobsStore.ts"
import { JobProgress } from "../models/JobProgress.tsx"
import { pullModel, useModels } from "../models/modelsStore.ts"
import { useSettings } from "../settings/settingsStore.ts"
import { strings } from "./strings.ts"
import { chosenPhrase, enableWake, loadWake, setSensitivity, useWake } from "./wakeStore.ts"
import "./wake.css"

/** The wake word: on and off, its phrase, how readily it is heard, and a try. */
export function WakeCard() {
  const { status, error } = useWake()
  const model = useModels((state) => state.items.find(({ role }) => role === "wake") ?? null)
  const isReady = model?.status === "installed"
  // A phrase that has just been downloaded can be chosen.
  const installed = useModels((state) => state.items.filter((item) => item.status === "installed").length)
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when a model arrives
  useEffect(() => void loadWake(), [installed])
  const phrase = chosenPhrase(status)
  return (
    <section className="card stack" data-setting="wake" aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <p className="soft">{strings.text(phrase)}</p>
      {error ? <Failure error={error} onRetry={() => void loadWake()} /> : null}
      {model && !isReady ? <MissingModel id={model.id} jobId={model.jobId} /> : null}
      {status ? (
        <>
          <div className="row">
            <span className="grow">{strings.switch}</span>
            <Switch
              label={strings.switch}
              isOn={status.enabled}
              isDisabled={!status.enabled && status.reason !== null}
              onChange={(isOn) => void enableWake(isOn)}
            />
          </div>
          {isReady && status.reason ? <p className="soft">{status.reason}</p> : null}
          <Phrases />
          <Sensitivity />
          {status.enabled ? <Trial phrase={phrase} /> : null}
        </>
      ) : null}
    </section>
  )
}

function MissingModel({ id, jobId }: { id: string; jobId: string | null }) {
  const job = useJobs((state) => (jobId ? state.jobs[jobId] : undefined))
  if (job) return <JobProgress job={job} />
  return (
    <Notice
      title={strings.missing}
      action={
        <Button small variant="primary" onClick={() => void pullModel(id).catch(toastFailure)}>
          {strings.install}
        </Button>
      }
    />
  )
}

function Phrases() {
  const status = useWake((state) => state.status)
  if (!status) return null
  return (
    <fieldset className="stack">
      <legend>{strings.phrase}</legend>
      {status.phrases.map(({ id, phrase, licence, is_installed }) => (
        <div key={id} className="row">
          <label className="row grow">
            <input
              type="radio"
              name="wake-phrase"
              checked={id === status.model}
              disabled={!is_installed}
              onChange={() => void enableWake(status.enabled, id)}
            />
            <span>
              “{phrase}”{is_installed ? null : <span className="faint"> · {strings.notInstalled}</span>}
              {licence === "Apache-2.0" ? null : <span className="faint"> · {strings.licence(licence)}</span>}
            </span>
          </label>
          {is_installed ? null : (
            <Button small onClick={() => void pullModel(id).catch(toastFailure)}>
              {strings.get(phrase)}
            </Button>
          )}
        </div>
      ))}
    </fieldset>
  )
}

function Sensitivity() {
  const kept = useSettings((state) => state.values.wakeSensitivity ?? 0.5)
  const [shown, setShown] = useState(kept)
  useEffect(() => setShown(kept), [kept])
  return (
    <div className="row">
      <div className="grow">
        {strings.sensitivity}
        <div className="soft">{strings.sensitivityHint}</div>
      </div>
      <div className="setting-slider">
        <Slider
          label={strings.sensitivity}
          value={shown}
          min={0}
          max={1}
          step={0.05}
          onChange={setShown}
          onCommit={setSensitivity}
        />
        <span className="numbers">{(shown * 100).toFixed(0)} %</span>
      </div>
    </div>
  )
}

/** What was heard last, live. */
function Trial({ phrase }: { phrase: string }) {
  const { score, threshold, last } = useWake()
  const percent = (value: number): string => (100 * value).toFixed(0)
  return (
    <div className="stack">
      <p className="soft">{strings.try(phrase)}</p>
      <div className="wake-meter" aria-hidden>
        <span style={{ width: `${percent(score)}%` }} />
        <i style={{ left: `${percent(threshold)}%` }} />
      </div>
      <p className="faint numbers">{strings.meter(percent(score), percent(threshold))}</p>
      <p role="status">
        {last?.type === "detected" ? strings.detected(last.phrase) : null}
        {last?.type === "rejected" ? (last.reason === "words" ? strings.words(last.text) : strings.ownSpeech) : null}
      </p>
    </div>
  )
}
