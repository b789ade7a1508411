import { useEffect, useState } from "react"
import type { Voice } from "#contract/audio.ts"
import type { ModelRole } from "#contract/models.ts"
import type { Setting } from "#contract/settings.ts"
import { api } from "../../api/client.ts"
import { Segmented } from "../../ui/Segmented.tsx"
import { Slider, Switch } from "../../ui/Switch.tsx"
import { useModels } from "../models/modelsStore.ts"
import { usePersonas } from "./personas.ts"
import { changeSettings } from "./settingsStore.ts"
import { strings } from "./strings.ts"

interface ControlProps {
  item: Setting
  label: string
}

const modelRoles: Record<string, ModelRole | undefined> = {
  chatModel: "llm",
  embedModel: "embedder",
  sttModel: "stt",
  ttsModel: "tts",
}
const sliders: Record<
  string,
  { min: number; max: number; step: number; format: (value: number) => string } | undefined
> = {
  volume: { min: 0, max: 1, step: 0.05, format: (value) => strings.percent((value * 100).toFixed(0)) },
  speechRate: { min: 0.5, max: 2, step: 0.05, format: (value) => `${value.toFixed(2)} ×` },
  sentencePauseMs: { min: 0, max: 1500, step: 50, format: (value) => `${value} ms` },
  temperature: { min: 0, max: 2, step: 0.1, format: (value) => value.toFixed(1) },
  topK: { min: 1, max: 20, step: 1, format: String },
}
const numbers: Record<string, { min: number; max: number } | undefined> = {
  answerTokens: { min: 32, max: 8192 },
  passageTokens: { min: 64, max: 480 },
  unloadAfterMinutes: { min: 0, max: 1440 },
}

/** The control that fits a setting's kind of value. */
export function SettingControl({ item, label }: ControlProps) {
  const change = (value: unknown) => void changeSettings({ [item.name]: value })
  if (item.name === "theme") return <ThemeControl item={item} label={label} />
  const role = modelRoles[item.name]
  if (role) return <ModelControl item={item} label={label} role={role} />
  if (item.name === "voice") return <VoiceControl item={item} label={label} />
  if (item.name === "personaQuickAnswers") return <QuickAnswersControl item={item} />
  if (item.name === "personaId") return <PersonaControl item={item} label={label} />
  if (typeof item.value === "boolean") {
    return <Switch label={label} isOn={item.value} isDisabled={item.isLocked} onChange={change} />
  }
  if (typeof item.value === "number" && sliders[item.name]) return <SliderControl item={item} label={label} />
  return <FieldControl item={item} label={label} />
}

function ThemeControl({ item, label }: ControlProps) {
  return (
    <Segmented
      label={label}
      value={item.value === "light" || item.value === "dark" ? item.value : "system"}
      isDisabled={item.isLocked}
      options={[
        { value: "system", label: strings.themes.system },
        { value: "light", label: strings.themes.light },
        { value: "dark", label: strings.themes.dark },
      ]}
      onChange={(theme) => void changeSettings({ theme })}
    />
  )
}

/** Each persona as the setting above has it, or its own way. */
function QuickAnswersControl({ item }: { item: Setting }) {
  const personas = usePersonas()
  const chosen = item.value as Record<string, boolean>
  const choose = (id: string, value: string) => {
    const { [id]: _, ...others } = chosen
    void changeSettings({ personaQuickAnswers: value === "usual" ? others : { ...others, [id]: value === "on" } })
  }
  return (
    <div className="stack" style={{ gap: 6 }}>
      {personas.map(({ id, name }) => (
        <div key={id} className="row">
          <span className="grow truncate">{name}</span>
          <Segmented
            label={strings.quickAnswersOf(name)}
            value={chosen[id] === undefined ? "usual" : chosen[id] ? "on" : "off"}
            isDisabled={item.isLocked}
            options={[
              { value: "usual", label: strings.usual },
              { value: "on", label: strings.on },
              { value: "off", label: strings.off },
            ]}
            onChange={(value) => choose(id, value)}
          />
        </div>
      ))}
    </div>
  )
}

function SliderControl({ item, label }: ControlProps) {
  const range = sliders[item.name]
  const value = typeof item.value === "number" ? item.value : 0
  const [shown, setShown] = useState(value)
  useEffect(() => setShown(value), [value])
  if (!range) return null
  return (
    <div className="setting-slider">
      <Slider
        label={label}
        value={shown}
        min={range.min}
        max={range.max}
        step={range.step}
        isDisabled={item.isLocked}
        onChange={setShown}
        onCommit={(next) => void changeSettings({ [item.name]: next })}
      />
      <span className="numbers">{range.format(shown)}</span>
    </div>
  )
}

/** Text and whole numbers; saved on leaving the field or Enter. */
function FieldControl({ item, label }: ControlProps) {
  const range = numbers[item.name]
  const kept = item.value === null ? "" : String(item.value)
  const [text, setText] = useState(kept)
  useEffect(() => setText(kept), [kept])
  const save = () => {
    if (text === kept) return
    const value = range ? Number(text) : text
    if (typeof value === "number" && !Number.isFinite(value)) return setText(kept)
    void changeSettings({ [item.name]: value })
  }
  return (
    <input
      className="field numbers"
      aria-label={label}
      type={range ? "number" : "text"}
      min={range?.min}
      max={range?.max}
      value={text}
      disabled={item.isLocked}
      onChange={(event) => setText(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === "Enter") save()
      }}
    />
  )
}

function ModelControl({ item, label, role }: ControlProps & { role: ModelRole }) {
  const models = useModels((state) => state.items)
  const installed = models.filter((model) => model.role === role && model.status === "installed")
  return (
    <Choice
      item={item}
      label={label}
      none={strings.automatic}
      options={installed.map((model) => ({ value: model.id, label: model.name }))}
    />
  )
}

function VoiceControl({ item, label }: ControlProps) {
  const [voices, setVoices] = useState<Voice[]>([])
  useEffect(() => {
    void api("GET /audio/tts/voices")
      .then((answer) => setVoices(answer.voices.filter((voice) => voice.isInstalled)))
      .catch(() => setVoices([]))
  }, [])
  return (
    <Choice
      item={item}
      label={label}
      none={strings.defaultVoice}
      options={voices.map((voice) => ({ value: voice.id, label: voice.name }))}
    />
  )
}

function PersonaControl({ item, label }: ControlProps) {
  const personas = usePersonas()
  return (
    <Choice
      item={item}
      label={label}
      options={personas.map((persona) => ({ value: persona.id, label: persona.name }))}
    />
  )
}

interface ChoiceProps extends ControlProps {
  /** Words for "not chosen"; absent where something is always chosen. */
  none?: string
  options: { value: string; label: string }[]
}

function Choice({ item, label, none, options }: ChoiceProps) {
  const value = typeof item.value === "string" ? item.value : ""
  const isKnown = value === "" || options.some((option) => option.value === value)
  return (
    <select
      className="field"
      aria-label={label}
      value={value}
      disabled={item.isLocked}
      onChange={(event) => void changeSettings({ [item.name]: event.target.value || null })}
    >
      {none === undefined ? null : <option value="">{none}</option>}
      {isKnown ? null : <option value={value}>{value}</option>}
      {options.map((option) => (
        <option value={option.value} key={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  )
}
