import { RotateCcw } from "lucide-react"
import { useEffect, useMemo, useRef, useState } from "react"
import type { Setting } from "#contract/settings.ts"
import { IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { SearchField } from "../../ui/SearchField.tsx"
import { ArtifactsCard } from "../artifacts/ArtifactsCard.tsx"
import { strings as artifactStrings } from "../artifacts/strings.ts"
import { BackupsCard } from "../backups/BackupsCard.tsx"
import { strings as backupStrings } from "../backups/strings.ts"
import { ClonedVoicesCard } from "../cloning/ClonedVoicesCard.tsx"
import { strings as cloningStrings } from "../cloning/strings.ts"
import { LearnedCard } from "../feedback/LearnedCard.tsx"
import { strings as feedbackStrings } from "../feedback/strings.ts"
import { useFrame } from "../frame/frameStore.ts"
import { usePeople } from "../people/peopleStore.ts"
import { SoundCard } from "../sound/SoundCard.tsx"
import { strings as soundStrings } from "../sound/strings.ts"
import { strings as speakerStrings } from "../speakers/strings.ts"
import { VoicesCard } from "../speakers/VoicesCard.tsx"
import { SpeechCard } from "../speech/SpeechCard.tsx"
import { strings as speechStrings } from "../speech/strings.ts"
import { strings as tuningStrings } from "../tuning/strings.ts"
import { TuningCard } from "../tuning/TuningCard.tsx"
import { strings as wakeStrings } from "../wake/strings.ts"
import { WakeCard } from "../wake/WakeCard.tsx"
import { ApiCard } from "./ApiCard.tsx"
import { PrivacyCard } from "./PrivacyCard.tsx"
import { SettingControl } from "./SettingControl.tsx"
import { changeSettings, loadSettings, useSettings } from "./settingsStore.ts"
import { isShown, type SettingGroup, settingTexts } from "./settingTexts.ts"
import { strings } from "./strings.ts"
import { YourDataCard } from "./YourDataCard.tsx"
import "./settings.css"

const groups: readonly SettingGroup[] = ["look", "answers", "voice", "models", "privacy"]

export default function SettingsPage() {
  const all = useSettings((state) => state.items)
  const items = useMemo(() => all.filter(isShown), [all])
  const error = useSettings((state) => state.error)
  const detail = useFrame((state) => state.detail)
  const [query, setQuery] = useState("")
  const body = useRef<HTMLDivElement>(null)
  const words = query.trim().toLowerCase()
  const fits = (text: string) => words === "" || text.toLowerCase().includes(words)
  const shown = items.filter((item) => {
    const text = settingTexts[item.name]
    return fits(`${item.name} ${text?.label ?? ""} ${text?.hint ?? ""}`)
  })
  const role = usePeople((state) => state.me?.role ?? "owner")
  const isApiShown = role === "owner" && fits(`${strings.api} curl key openai url`)
  const isArtifactsShown =
    (role === "owner" || role === "adult") &&
    fits(`${artifactStrings.title} ${artifactStrings.text} hash tags provenance`)
  const isSpeechShown = fits(
    `${speechStrings.title} ${speechStrings.voices} ${speechStrings.words} pronunciation dictionary preview listen`,
  )
  const isTuningShown = fits(`${tuningStrings.title} ${tuningStrings.report} waterfall speed delay latency`)
  const isVoicesShown = fits(
    `${speakerStrings.title} ${speakerStrings.who} ${speakerStrings.teach} speaker person enrol`,
  )
  const isCloningShown = fits(`${cloningStrings.title} ${cloningStrings.clone} ${cloningStrings.consents} xtts licence`)
  const isSoundShown = fits(
    `${soundStrings.title} ${soundStrings.microphone} ${soundStrings.loudspeaker} device volume`,
  )
  const isWakeShown = fits(
    `${wakeStrings.title} ${wakeStrings.switch} ${wakeStrings.sensitivity} hands-free hey zenglow`,
  )
  const isBackupsShown = role === "owner" && fits(`${backupStrings.title} ${backupStrings.text} restore copy`)
  const isPrivacyShown = fits(`${strings.privacy} ${strings.outbound} folder data`)
  const isLearnedShown = fits(`${feedbackStrings.learnedTitle} ${feedbackStrings.forget} feedback ranking`)
  useEffect(() => {
    if (!detail || items.length === 0) return
    const target = body.current?.querySelector(`[data-setting="${CSS.escape(detail)}"]`)
    target?.scrollIntoView({ block: "center" })
    const control = target?.querySelector("button, input, select, [role=slider]")
    if (control instanceof HTMLElement) control.focus({ preventScroll: true })
  }, [detail, items.length])
  return (
    <div className="page scroll">
      <header className="page-header settings-column">
        <h1>{strings.title}</h1>
        <SearchField label={strings.search} value={query} onChange={setQuery} className="settings-search" />
      </header>
      <div className="page-body settings-column settings-body" ref={body}>
        {error ? <Failure error={error} onRetry={() => void loadSettings()} /> : null}
        {groups.map((group) => {
          const own = shown.filter((item) => (settingTexts[item.name]?.group ?? "look") === group)
          return own.length === 0 ? null : (
            <section key={group} aria-label={strings.groups[group]}>
              <h2>{strings.groups[group]}</h2>
              <div className="settings-list">
                {own.map((item) => (
                  <SettingRow key={item.name} item={item} />
                ))}
              </div>
            </section>
          )
        })}
        {isSoundShown ? <SoundCard /> : null}
        {isSpeechShown ? <SpeechCard /> : null}
        {isTuningShown ? <TuningCard /> : null}
        {isWakeShown ? <WakeCard /> : null}
        {isVoicesShown ? <VoicesCard /> : null}
        {isCloningShown ? <ClonedVoicesCard /> : null}
        {isLearnedShown ? <LearnedCard /> : null}
        {isArtifactsShown ? <ArtifactsCard /> : null}
        {isBackupsShown ? <BackupsCard /> : null}
        {isPrivacyShown ? <PrivacyCard /> : null}
        {isPrivacyShown ? <YourDataCard /> : null}
        {isApiShown ? <ApiCard /> : null}
        {shown.length === 0 &&
        !isApiShown &&
        !isPrivacyShown &&
        !isBackupsShown &&
        !isArtifactsShown &&
        !isLearnedShown &&
        !isSpeechShown &&
        !isTuningShown &&
        !isVoicesShown &&
        !isCloningShown &&
        !isSoundShown &&
        !isWakeShown ? (
          <p className="soft">{strings.none}</p>
        ) : null}
      </div>
    </div>
  )
}

function SettingRow({ item }: { item: Setting }) {
  const text = settingTexts[item.name]
  const label = text?.label ?? item.name
  return (
    <div className="setting" data-setting={item.name}>
      <div className="grow">
        <div className="setting-label">
          {label}
          <span className="setting-origin" title={strings.originHint[item.origin]}>
            {strings.origins[item.origin]}
          </span>
          {item.origin === "file" && !item.isLocked ? (
            <IconButton small label={strings.reset(label)} onClick={() => void changeSettings({ [item.name]: null })}>
              <RotateCcw size={13} />
            </IconButton>
          ) : null}
        </div>
        <div className="soft">{text?.hint}</div>
        {item.isLocked ? <div className="faint">{strings.originHint[item.origin]}</div> : null}
      </div>
      <div className="setting-control">
        <SettingControl item={item} label={label} />
      </div>
    </div>
  )
}
