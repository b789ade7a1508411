import { Volume2, VolumeX } from "lucide-react"
import { Popover } from "radix-ui"
import { useEffect, useState } from "react"
import type { Voice } from "#contract/audio.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Slider } from "../../ui/Switch.tsx"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { strings } from "./strings.ts"
import { chooseMicrophone, setMuted, useVoice } from "./voiceStore.ts"

/** Volume, mute, microphone, voice and speed in one place. */
export function SoundMenu() {
  const isMuted = useSettings((state) => state.values.isMuted ?? false)
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton label={strings.sound}>{isMuted ? <VolumeX size={17} /> : <Volume2 size={17} />}</IconButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="popover sound-menu"
          sideOffset={8}
          collisionPadding={12}
          align="end"
          aria-label={strings.sound}
        >
          <VolumeField />
          <MicrophoneField />
          <VoiceField />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function VolumeField() {
  const volume = useSettings((state) => state.values.volume ?? 1)
  const isMuted = useSettings((state) => state.values.isMuted ?? false)
  const rate = useSettings((state) => state.values.speechRate ?? 1)
  const [shownVolume, setShownVolume] = useState(volume)
  const [shownRate, setShownRate] = useState(rate)
  useEffect(() => setShownVolume(volume), [volume])
  useEffect(() => setShownRate(rate), [rate])
  return (
    <>
      <div className="sound-row">
        <span>{strings.volume}</span>
        <Button small variant="quiet" aria-pressed={isMuted} onClick={() => setMuted(!isMuted)}>
          {isMuted ? strings.unmute : strings.mute}
        </Button>
        <span className="numbers faint">{Math.round((isMuted ? 0 : shownVolume) * 100)} %</span>
      </div>
      <Slider
        label={strings.volume}
        value={shownVolume}
        min={0}
        max={1}
        step={0.05}
        onChange={setShownVolume}
        onCommit={(next) => void changeSettings({ volume: next, isMuted: false })}
      />
      <div className="sound-row">
        <span>{strings.speed}</span>
        <span className="numbers faint">{shownRate.toFixed(2)} ×</span>
      </div>
      <Slider
        label={strings.speed}
        value={shownRate}
        min={0.5}
        max={2}
        step={0.05}
        onChange={setShownRate}
        onCommit={(next) => void changeSettings({ speechRate: next })}
      />
    </>
  )
}

function MicrophoneField() {
  const inputId = useVoice((state) => state.inputId)
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([])
  useEffect(() => {
    const media = navigator.mediaDevices
    if (!media) return
    const read = () =>
      void media
        .enumerateDevices()
        .then((all) => setDevices(all.filter((device) => device.kind === "audioinput" && device.deviceId)))
    read()
    media.addEventListener("devicechange", read)
    return () => media.removeEventListener("devicechange", read)
  }, [])
  return (
    <label className="stack" style={{ gap: 4 }}>
      {strings.microphone}
      <select className="field" value={inputId ?? ""} onChange={(event) => chooseMicrophone(event.target.value)}>
        <option value="">{strings.systemMicrophone}</option>
        {devices.map((device) => (
          <option value={device.deviceId} key={device.deviceId}>
            {device.label || device.deviceId.slice(0, 8)}
          </option>
        ))}
      </select>
    </label>
  )
}

function VoiceField() {
  const voice = useSettings((state) => state.values.voice ?? null)
  const [voices, setVoices] = useState<Voice[]>([])
  useEffect(() => {
    void api("GET /audio/tts/voices")
      .then((answer) => setVoices(answer.voices.filter((entry) => entry.isInstalled)))
      .catch(() => setVoices([]))
  }, [])
  return (
    <label className="stack" style={{ gap: 4 }}>
      {strings.voice}
      <select
        className="field"
        value={voice ?? ""}
        disabled={voices.length === 0}
        onChange={(event) => void changeSettings({ voice: event.target.value || null })}
      >
        <option value="">{voices.length === 0 ? strings.systemVoice : strings.defaultVoice}</option>
        {voices.map((entry) => (
          <option value={entry.id} key={entry.id}>
            {entry.name}
          </option>
        ))}
      </select>
    </label>
  )
}
