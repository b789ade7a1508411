import { Play, Square, Trash2 } from "lucide-react"
import { type FormEvent, useEffect, useState } from "react"
import type { Voice } from "#contract/audio.ts"
import type { Pronunciation } from "#contract/settings.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { preview, stopPreview, usePreview } from "./preview.ts"
import { strings } from "./strings.ts"
import "./speech.css"

/** Voices to listen to, and words that are said the person's way. */
export function SpeechCard() {
  useEffect(() => stopPreview, [])
  return (
    <section className="card stack" data-setting="pronunciations" aria-label={strings.title}>
      <div>
        <h2>{strings.title}</h2>
        <p className="soft">{strings.text}</p>
      </div>
      <VoiceList />
      <Dictionary />
    </section>
  )
}

function VoiceList() {
  const [voices, setVoices] = useState<Voice[] | null>(null)
  const chosen = useSettings((state) => state.values.voice)
  useEffect(() => {
    void api("GET /audio/tts/voices")
      .then((answer) => setVoices(answer.voices.filter((voice) => voice.isInstalled)))
      .catch(() => setVoices([]))
  }, [])
  if (voices === null) return null
  if (voices.length === 0) return <p className="soft">{strings.noVoices}</p>
  return (
    <div className="stack">
      <h3>{strings.voices}</h3>
      <ul className="speech-list">
        {voices.map(({ id, name, isDefault }) => {
          const isInUse = chosen ? chosen === id : isDefault
          return (
            <li key={id}>
              <Hear label={strings.try(name)} id={`voice:${id}`} text={strings.sample} voice={id} />
              <span className="grow">{name}</span>
              {isInUse ? (
                <span className="soft">{strings.inUse}</span>
              ) : (
                <Button small onClick={() => void changeSettings({ voice: id })}>
                  {strings.use}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      {voices.length < 3 ? <p className="faint">{strings.more}</p> : null}
    </div>
  )
}

const none: readonly Pronunciation[] = []

function Dictionary() {
  const entries = useSettings((state) => state.values.pronunciations) ?? none
  const [word, setWord] = useState("")
  const [say, setSay] = useState("")
  const add = (event: FormEvent): void => {
    event.preventDefault()
    const entry = { word: word.trim(), say: say.trim() }
    if (entry.word === "" || entry.say === "") return
    const others = entries.filter((known) => known.word.toLowerCase() !== entry.word.toLowerCase())
    void changeSettings({ pronunciations: [...others, entry] })
    setWord("")
    setSay("")
  }
  return (
    <div className="stack">
      <div>
        <h3>{strings.words}</h3>
        <p className="soft">{strings.wordsText}</p>
      </div>
      {entries.length > 0 ? (
        <ul className="speech-list">
          {entries.map((entry) => (
            <li key={entry.word}>
              <Hear label={strings.hear(entry.word)} id={`word:${entry.word}`} text={`${entry.word}.`} />
              <span className="grow">
                {entry.word} <span className="soft">{entry.say}</span>
              </span>
              <IconButton
                small
                label={strings.remove(entry.word)}
                onClick={() => void changeSettings({ pronunciations: entries.filter((other) => other !== entry) })}
              >
                <Trash2 size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      ) : null}
      <form className="speech-form" onSubmit={add}>
        <input
          className="field"
          aria-label={strings.word}
          placeholder={strings.word}
          maxLength={60}
          value={word}
          onChange={(event) => setWord(event.target.value)}
        />
        <input
          className="field"
          aria-label={strings.say}
          placeholder={strings.say}
          maxLength={120}
          value={say}
          onChange={(event) => setSay(event.target.value)}
        />
        <Button type="submit" disabled={word.trim() === "" || say.trim() === ""}>
          {strings.add}
        </Button>
      </form>
    </div>
  )
}

function Hear({ label, id, text, voice }: { label: string; id: string; text: string; voice?: string }) {
  const isPlaying = usePreview((state) => state.key === id)
  return (
    <IconButton
      small
      label={isPlaying ? strings.stop : label}
      onClick={() => (isPlaying ? stopPreview() : void preview(id, text, voice))}
    >
      {isPlaying ? <Square size={14} /> : <Play size={14} />}
    </IconButton>
  )
}
