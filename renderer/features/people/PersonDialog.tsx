import { useEffect, useState } from "react"
import type { Person } from "#contract/people.ts"
import type { Persona } from "#contract/settings.ts"
import type { SpeakerProfile } from "#contract/speakers.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { Switch } from "../../ui/Switch.tsx"
import { newRoles } from "./AddPersonDialog.tsx"
import { PersonAvatar } from "./PersonAvatar.tsx"
import { changePerson, isOwner, setPin, usePeople } from "./peopleStore.ts"
import { strings } from "./strings.ts"

/** A person's profile: what they are called and may do, how they look here, and which voice is theirs. */
export function PersonDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const manages = usePeople(isOwner)
  const isMe = usePeople((state) => state.me?.id === person.id)
  const [draft, setDraft] = useState(person)
  const [voices, personas] = useChoices()
  const change = (changes: Partial<Person>): void => setDraft((before) => ({ ...before, ...changes }))
  const save = async () => {
    const { colour, speakerId, personaId, followsVoices } = draft
    const theirs = { colour, speakerId, personaId, followsVoices }
    const given = manages ? { name: draft.name.trim(), ...(draft.role === "owner" ? {} : { role: draft.role }) } : {}
    if (await changePerson(person.id, { ...theirs, ...given })) onClose()
  }
  return (
    <Dialog title={strings.editTitle(person.name)} isOpen onClose={onClose}>
      <form
        className="stack people-form"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {manages ? (
          <label className="stack people-field">
            {strings.name}
            <input
              className="field"
              value={draft.name}
              maxLength={60}
              onChange={(event) => change({ name: event.target.value })}
            />
          </label>
        ) : null}
        {manages && draft.role !== "owner" ? (
          <div className="stack people-field">
            <span>{strings.role}</span>
            <Segmented
              label={strings.role}
              value={draft.role}
              options={newRoles}
              onChange={(role) => change({ role })}
            />
            <p className="soft people-hint">{strings.roleTexts[draft.role]}</p>
          </div>
        ) : null}
        <fieldset className="people-colours" aria-label={strings.colour}>
          {[0, 1, 2, 3, 4, 5, 6, 7].map((colour) => (
            <button
              key={colour}
              type="button"
              aria-label={strings.colourNumber(colour + 1)}
              aria-pressed={draft.colour === colour}
              onClick={() => change({ colour })}
            >
              <PersonAvatar person={{ name: draft.name, colour }} />
            </button>
          ))}
        </fieldset>
        <OneOf
          label={strings.speaker}
          none={strings.noSpeaker}
          hint={strings.speakerHint}
          value={draft.speakerId}
          options={voices}
          onChange={(speakerId) => change({ speakerId })}
        />
        <OneOf
          label={strings.persona}
          none={strings.asInSettings}
          value={draft.personaId}
          options={personas}
          onChange={(personaId) => change({ personaId })}
        />
        <div className="row">
          <span className="grow stack">
            <span>{strings.follows}</span>
            <span className="soft people-hint">{strings.followsHint}</span>
          </span>
          <Switch
            label={strings.follows}
            isOn={draft.followsVoices}
            onChange={(followsVoices) => change({ followsVoices })}
          />
        </div>
        <div className="dialog-actions">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" variant="primary" disabled={draft.name.trim() === ""}>
            {strings.save}
          </Button>
        </div>
      </form>
      <PinFields person={person} asksCurrent={isMe} />
    </Dialog>
  )
}

interface OneOfProps {
  label: string
  /** Text of the empty choice. */
  none: string
  hint?: string
  value: string | null
  options: readonly { id: string; name: string }[]
  onChange: (id: string | null) => void
}

function OneOf({ label, none, hint, value, options, onChange }: OneOfProps) {
  return (
    <label className="stack people-field">
      {label}
      <select className="field" value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">{none}</option>
        {options.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      {hint === undefined ? null : <span className="soft people-hint">{hint}</span>}
    </label>
  )
}

/** @param asksCurrent Their own PIN is asked of everybody; the owner's help is for those who forgot. */
function PinFields({ person, asksCurrent }: { person: Person; asksCurrent: boolean }) {
  const hasPin = usePeople((state) => state.items.find(({ id }) => id === person.id)?.hasPin ?? person.hasPin)
  const [current, setCurrent] = useState("")
  const [pin, setNewPin] = useState("")
  const submit = async (next: string | null) => {
    if (!(await setPin(person.id, next, current || undefined))) return
    setCurrent("")
    setNewPin("")
  }
  const digits = (text: string): string => text.replace(/\D/g, "")
  return (
    <form
      className="stack people-form people-pin"
      aria-label={strings.pin}
      onSubmit={(event) => {
        event.preventDefault()
        void submit(pin)
      }}
    >
      {hasPin && asksCurrent ? (
        <label className="stack people-field">
          {strings.pinCurrent}
          <input
            className="field"
            type="password"
            inputMode="numeric"
            autoComplete="off"
            maxLength={12}
            value={current}
            onChange={(event) => setCurrent(digits(event.target.value))}
          />
        </label>
      ) : null}
      <label className="stack people-field">
        {hasPin ? strings.pinNew : strings.pin}
        <input
          className="field"
          type="password"
          inputMode="numeric"
          autoComplete="off"
          maxLength={12}
          value={pin}
          onChange={(event) => setNewPin(digits(event.target.value))}
        />
        <span className="soft people-hint">{strings.pinHint}</span>
      </label>
      <div className="row">
        <Button type="submit" small disabled={pin.length < 4}>
          {hasPin ? strings.pinChange : strings.pinSet}
        </Button>
        {hasPin ? (
          <Button small variant="quiet" onClick={() => void submit(null)}>
            {strings.pinRemove}
          </Button>
        ) : null}
      </div>
    </form>
  )
}

/** Known voices and personas; without them the fields have their first entry alone. */
function useChoices(): [SpeakerProfile[], Persona[]] {
  const [voices, setVoices] = useState<SpeakerProfile[]>([])
  const [personas, setPersonas] = useState<Persona[]>([])
  useEffect(() => {
    api("GET /audio/speakers").then(
      ({ speakers }) => setVoices(speakers),
      () => undefined,
    )
    api("GET /api/personas").then(
      ({ items }) => setPersonas(items),
      () => undefined,
    )
  }, [])
  return [voices, personas]
}
