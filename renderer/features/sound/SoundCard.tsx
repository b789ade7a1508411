import { useEffect, useState } from "react"
import type { AudioDevice, AudioDevices } from "#contract/devices.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Slider, Switch } from "../../ui/Switch.tsx"
import { canChooseOutput, chooseLoudspeaker, loudspeakerId } from "../voice/output.ts"
import { chooseMicrophone, useVoice } from "../voice/voiceStore.ts"
import { changeMicrophone, check, chooseDevices, followDevices, type Place, playTone, useSound } from "./soundStore.ts"
import { strings } from "./strings.ts"
import "./sound.css"

/** Microphones and loudspeakers, of the window and of the machine, and whether they work. */
export function SoundCard() {
  const machine = useSound((state) => state.machine)
  const error = useSound((state) => state.error)
  useEffect(() => {
    const over = new AbortController()
    void followDevices(over.signal)
    return () => over.abort()
  }, [])
  return (
    <section className="card stack sound-card" data-setting="sound" aria-label={strings.title}>
      <h2>{strings.title}</h2>
      {error ? <Failure error={error} onRetry={() => void followDevices(new AbortController().signal)} /> : null}
      <div className="sound-places">
        <WindowDevices />
        {machine ? <MachineDevices machine={machine} /> : null}
      </div>
    </section>
  )
}

function WindowDevices() {
  const inputId = useVoice((state) => state.inputId)
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([])
  const [outputId, setOutputId] = useState(loudspeakerId)
  useEffect(() => {
    const media = navigator.mediaDevices
    if (!media) return
    const read = () => void media.enumerateDevices().then((all) => setDevices(all.filter(({ deviceId }) => deviceId)))
    read()
    media.addEventListener("devicechange", read)
    return () => media.removeEventListener("devicechange", read)
  }, [])
  const choices = (kind: MediaDeviceKind) =>
    devices
      .filter((device) => device.kind === kind && device.deviceId !== "default")
      .map(({ deviceId, label }) => ({ id: deviceId, name: label || deviceId.slice(0, 8) }))
  return (
    <div className="stack">
      <h3>{strings.window}</h3>
      <p className="soft">{strings.windowText}</p>
      <Choice
        label={strings.microphone}
        value={inputId}
        choices={choices("audioinput")}
        onChange={(id) => chooseMicrophone(id ?? "")}
      />
      {canChooseOutput() ? (
        <Choice
          label={strings.loudspeaker}
          value={outputId}
          choices={choices("audiooutput")}
          onChange={(id) => {
            chooseLoudspeaker(id ?? "")
            setOutputId(id)
          }}
        />
      ) : null}
      <Trials place="window" name={strings.window} />
    </div>
  )
}

function MachineDevices({ machine }: { machine: AudioDevices }) {
  const { selected, inputs, outputs, mic, open, lost } = machine
  const [gain, setGain] = useState(mic.gain)
  useEffect(() => setGain(mic.gain), [mic.gain])
  if (machine.backend === "none") {
    return (
      <div className="stack">
        <h3>{strings.machine}</h3>
        <p className="soft">{strings.noAddon}</p>
        {machine.problem ? (
          <details>
            <summary>{strings.details}</summary>
            <p className="soft">{[machine.problem.message, machine.problem.remedy].filter(Boolean).join(" ")}</p>
          </details>
        ) : null}
      </div>
    )
  }
  return (
    <div className="stack">
      <h3>{strings.machine}</h3>
      <p className="soft">{strings.machineText}</p>
      <Choice
        label={strings.machineMicrophone}
        value={selected.input}
        choices={inputs.filter(isChoice)}
        onChange={(input) => void chooseDevices({ input })}
      />
      <Choice
        label={strings.machineLoudspeaker}
        value={selected.output}
        choices={outputs.filter(isChoice)}
        onChange={(output) => void chooseDevices({ output })}
      />
      <div className="row">
        <span className="grow">{strings.gain}</span>
        <span className="numbers faint">{gain.toFixed(1)} ×</span>
      </div>
      <Slider
        label={strings.gain}
        value={gain}
        min={0}
        max={4}
        step={0.1}
        onChange={setGain}
        onCommit={(next) => void changeMicrophone({ gain: next })}
      />
      <div className="row">
        <span className="grow">{strings.mute}</span>
        <Switch label={strings.mute} isOn={mic.muted} onChange={(muted) => void changeMicrophone({ muted })} />
      </div>
      <Trials place="machine" name={strings.machine} />
      {open?.problem ? <p className="soft">{open.problem.message}</p> : null}
      <details>
        <summary>{strings.details}</summary>
        <p className="soft">
          {[
            strings.hosts(machine.host_apis.join(", ")),
            strings.echo[open?.echo ?? "none"],
            strings.lost(lost.overruns, lost.underruns),
          ].join(" ")}
        </p>
      </details>
    </div>
  )
}

/** What the system offers under the name "default" is the first choice already. */
const isChoice = (device: AudioDevice): boolean => device.name !== "default"

function Choice({
  label,
  value,
  choices,
  onChange,
}: {
  label: string
  value: string | null
  choices: readonly { id: string; name: string }[]
  onChange: (id: string | null) => void
}) {
  const isAway = Boolean(value) && !choices.some(({ id }) => id === value)
  return (
    <label className="stack sound-choice">
      {label}
      <select className="field" value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">{strings.system}</option>
        {isAway ? <option value={value ?? ""}>{strings.away(strings.away_device)}</option> : null}
        {choices.map(({ id, name }) => (
          <option value={id} key={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function Trials({ place, name }: { place: Place; name: string }) {
  const activity = useSound((state) => state.activity)
  const outcome = useSound((state) => state.outcome)
  const level = useSound((state) => state.level)
  const own = activity?.place === place ? activity.kind : null
  const said =
    own === "tone"
      ? strings.toning
      : own === "recording"
        ? strings.recording
        : own === "playing"
          ? strings.playing
          : outcome?.place === place
            ? outcome.text
            : ""
  return (
    <>
      <div className="row wrap">
        <Button
          small
          aria-label={strings.toneOf(name)}
          disabled={activity !== null}
          onClick={() => void playTone(place)}
        >
          {strings.tone}
        </Button>
        <Button small aria-label={strings.checkOf(name)} disabled={activity !== null} onClick={() => void check(place)}>
          {strings.check}
        </Button>
      </div>
      {own === "recording" ? (
        <meter className="sound-meter" aria-label={strings.level} min={0} max={1} value={level} />
      ) : null}
      <p className="soft" role="status">
        {said}
      </p>
    </>
  )
}
