// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: the ARIA combobox pattern is built from a list
// biome-ignore-all lint/a11y/useFocusableInteractive: its options are reached by aria-activedescendant
// biome-ignore-all lint/a11y/useAriaPropsSupportedByRole: the text area is a combobox exactly while the list is open
import { ArrowUp, FolderOpen, GalleryHorizontalEnd, Hash, Paperclip, Square, X } from "lucide-react"
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react"
import type { Collection } from "#contract/documents.ts"
import { IconButton } from "../../ui/Button.tsx"
import { Menu } from "../../ui/Menu.tsx"
import { addFiles, useDocuments } from "../documents/documentsStore.ts"
import { pickedFiles } from "../documents/droppedFiles.ts"
import { useSettings } from "../settings/settingsStore.ts"
import { HandsFreeButton } from "../voice/HandsFreeButton.tsx"
import { MicButton } from "../voice/MicButton.tsx"
import { SoundMenu } from "../voice/SoundMenu.tsx"
import { VoiceBand, VoiceProblem } from "../voice/VoiceBand.tsx"
import { askAloud, useVoice } from "../voice/voiceStore.ts"
import { newKey, setDraft, startNewChat, useChat } from "./chatStore.ts"
import { exportChat, importChat, setCollections } from "./conversations.ts"
import { startTurn, stopTurn } from "./liveTurns.ts"
import { PersonaChip } from "./PersonaChip.tsx"
import { ServerChip } from "./ServerChip.tsx"
import { strings } from "./strings.ts"
import { useMentions } from "./useMentions.ts"

interface Suggestion {
  key: string
  label: string
  detail: string
  run: () => void
}

const noIds: string[] = []

export function Composer({ chatKey }: { chatKey: string }) {
  const isTalking = useVoice((state) => state.phase !== "idle")
  return (
    <div className="composer-frame">
      <VoiceProblem />
      <div className={`composer ${isTalking ? "talking" : ""}`}>
        <VoiceBand />
        {isTalking ? null : <TextField chatKey={chatKey} />}
        <Tools chatKey={chatKey} isTalking={isTalking} />
      </div>
    </div>
  )
}

function TextField({ chatKey }: { chatKey: string }) {
  const draft = useChat((state) => state.drafts[chatKey] ?? "")
  const isLive = useChat((state) => state.live[chatKey] !== undefined)
  const hasDocuments = useDocuments((state) => state.collections.length > 0)
  const field = useRef<HTMLTextAreaElement>(null)
  const [caret, setCaret] = useState(0)
  const [selected, setSelected] = useState(0)
  const [dismissed, setDismissed] = useState("")
  const { suggestions, trigger } = useSuggestions(chatKey, draft, caret)
  const isOpen = trigger !== null && trigger !== dismissed && suggestions.length > 0

  // Grows to eight lines, then scrolls.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = "auto"
    element.style.height = `${Math.min(element.scrollHeight, 8 * 22 + 20)}px`
  }, [draft])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new word starts at its first suggestion
  useEffect(() => setSelected(0), [trigger])

  const choose = (index: number) => {
    suggestions[index]?.run()
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return
    if (isOpen) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0
      if (step !== 0) setSelected((selected + step + suggestions.length) % suggestions.length)
      else if (event.key === "Enter" || event.key === "Tab") choose(selected)
      else if (event.key === "Escape") setDismissed(trigger)
      else return
      event.preventDefault()
      event.stopPropagation()
      return
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      send(chatKey)
    } else if (event.key === "ArrowUp" && draft === "") {
      event.preventDefault()
      const edits = document.querySelectorAll<HTMLButtonElement>("[data-edit-question]")
      edits[edits.length - 1]?.click()
    } else if (event.key === "Escape" && isLive) {
      event.preventDefault()
      void stopTurn(chatKey)
    }
  }
  return (
    <div className="composer-field">
      {isOpen ? (
        <ul className="suggestions" role="listbox" id="composer-suggestions" aria-label={strings.suggestions}>
          {suggestions.map((suggestion, index) => (
            <li
              key={suggestion.key}
              id={`suggestion-${index}`}
              role="option"
              aria-selected={index === selected}
              onPointerDown={(event) => {
                event.preventDefault()
                choose(index)
              }}
            >
              <span className="truncate">{suggestion.label}</span>
              <span className="faint">{suggestion.detail}</span>
            </li>
          ))}
        </ul>
      ) : null}
      <textarea
        id="composer"
        ref={field}
        rows={1}
        role={isOpen ? "combobox" : undefined}
        aria-label={strings.composer}
        aria-expanded={isOpen ? true : undefined}
        aria-controls={isOpen ? "composer-suggestions" : undefined}
        aria-activedescendant={isOpen ? `suggestion-${selected}` : undefined}
        placeholder={hasDocuments ? strings.placeholder : strings.placeholderPlain}
        value={draft}
        onChange={(event) => {
          setDraft(chatKey, event.target.value)
          setCaret(event.target.selectionStart)
          setDismissed("")
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
    </div>
  )
}

/** Sends the draft. While an answer is being written it waits in the composer. */
function send(chatKey: string): void {
  const state = useChat.getState()
  const text = (state.drafts[chatKey] ?? "").trim()
  if (text === "" || state.live[chatKey]) return
  setDraft(chatKey, "")
  if (useSettings.getState().values.speakAnswers) void askAloud(chatKey, text)
  else void startTurn(chatKey, { kind: "text", text })
}

/** `#` names a collection, `@` a collection or a document, `/` at the start a command. */
function useSuggestions(
  chatKey: string,
  draft: string,
  caret: number,
): { suggestions: Suggestion[]; trigger: string | null } {
  const collections = useDocuments((state) => state.collections)
  const chosen = useCollectionIds(chatKey)
  const match = useMemo(() => /(^|\s)([#@/])([^\s#@/]*)$/.exec(draft.slice(0, caret)), [draft, caret])
  const documents = useMentions(match?.[2] === "@" ? (match[3] ?? "") : null)
  return useMemo(() => {
    if (!match) return { suggestions: [], trigger: null }
    const [, , sign, word = ""] = match
    const start = caret - word.length - 1
    const put = (text: string) => setDraft(chatKey, draft.slice(0, start) + text + draft.slice(caret).trimStart())
    const without = () => put("")
    const fits = (name: string) => name.toLowerCase().includes(word.toLowerCase())
    if (sign === "#" || sign === "@") {
      const found = collections
        .filter((collection) => fits(collection.name) && !chosen?.includes(collection.id))
        .slice(0, sign === "#" ? 8 : 4)
        .map((collection) => ({
          key: collection.id,
          label: collection.name,
          detail: sign === "#" ? String(collection.documentCount) : strings.mentions.collection,
          run: () => {
            without()
            setCollections(chatKey, [...(chosen ?? []), collection.id])
          },
        }))
      // The name stands in the question, which then asks this document alone; its collection is asked too.
      const named = documents.map((document) => ({
        key: document.id,
        label: document.title,
        detail: strings.mentions.document,
        run: () => {
          const words = strings.mentioned(document.title)
          put(`${words} `)
          useChat.setState((state) => ({ mentions: { ...state.mentions, [words]: document.id } }))
          if (chosen && !chosen.includes(document.collectionId))
            setCollections(chatKey, [...chosen, document.collectionId])
        },
      }))
      return { suggestions: sign === "#" ? found : [...found, ...named], trigger: `${sign}${start}` }
    }
    if (start !== 0) return { suggestions: [], trigger: null }
    const commands: [string, string, () => void][] = [
      ["new", strings.commands.new, () => startNewChat()],
      ["temporary", strings.commands.temporary, () => startNewChat(true)],
      ["import", strings.importChat, () => importChat()],
      ["models", strings.commands.models, () => useChat.setState({ isCarouselOpen: true })],
      ["export", strings.commands.export, () => void exportCurrent(chatKey)],
    ]
    const suggestions = commands
      .filter(([name]) => fits(name))
      .map(([name, label, run]) => ({
        key: name,
        label: `/${name}`,
        detail: label,
        run: () => {
          without()
          run()
        },
      }))
    return { suggestions, trigger: "/" }
  }, [chatKey, draft, caret, collections, chosen, match, documents])
}

async function exportCurrent(chatKey: string): Promise<void> {
  const entry = useChat.getState().conversations.find((candidate) => candidate.id === chatKey)
  if (entry) await exportChat(entry, "md")
}

/** Collections this chat asks; null: all of them. */
export function useCollectionIds(chatKey: string): string[] | null {
  return useChat((state) =>
    chatKey === newKey
      ? state.newCollectionIds
      : (state.conversations.find((entry) => entry.id === chatKey)?.collectionIds ?? null),
  )
}

function Tools({ chatKey, isTalking }: { chatKey: string; isTalking: boolean }) {
  const isLive = useChat((state) => state.live[chatKey] !== undefined)
  const isEmpty = useChat((state) => (state.drafts[chatKey] ?? "").trim() === "")
  const isCarouselOpen = useChat((state) => state.isCarouselOpen)
  const files = useRef<HTMLInputElement>(null)
  const chosen = useCollectionIds(chatKey)
  return (
    <div className="composer-tools">
      <input
        ref={files}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          void addFiles(pickedFiles(event.target.files), chosen?.[0] ?? null)
          event.target.value = ""
        }}
      />
      <IconButton label={strings.addFiles} onClick={() => files.current?.click()}>
        <Paperclip size={16} />
      </IconButton>
      <CollectionMenu chatKey={chatKey} chosen={chosen} />
      <div className="composer-chips scroll">
        <ServerChip chatKey={chatKey} />
        <PersonaChip chatKey={chatKey} />
        <CollectionChips chatKey={chatKey} chosen={chosen ?? noIds} isNone={chosen !== null && chosen.length === 0} />
      </div>
      <IconButton
        label={strings.models}
        keys="Mod M"
        aria-pressed={isCarouselOpen}
        onClick={() => useChat.setState({ isCarouselOpen: !isCarouselOpen })}
      >
        <GalleryHorizontalEnd size={16} />
      </IconButton>
      <SoundMenu />
      <HandsFreeButton />
      <MicButton />
      {isTalking ? null : isLive ? (
        <IconButton label={strings.stop} keys="Esc" className="send" onClick={() => void stopTurn(chatKey)}>
          <Square size={12} fill="currentColor" />
        </IconButton>
      ) : (
        <IconButton label={strings.send} keys="Enter" className="send" disabled={isEmpty} onClick={() => send(chatKey)}>
          <ArrowUp size={17} />
        </IconButton>
      )}
    </div>
  )
}

function CollectionMenu({ chatKey, chosen }: { chatKey: string; chosen: string[] | null }) {
  const collections = useDocuments((state) => state.collections)
  const toggle = (collection: Collection) => {
    const ids = chosen ?? []
    const next = ids.includes(collection.id) ? ids.filter((id) => id !== collection.id) : [...ids, collection.id]
    setCollections(chatKey, next.length === 0 ? null : next)
  }
  return (
    <Menu
      align="start"
      trigger={
        <IconButton label={strings.collection} keys="#">
          <Hash size={16} />
        </IconButton>
      }
      entries={[
        strings.collection,
        {
          label: strings.allCollections,
          icon: <FolderOpen size={14} />,
          end: chosen === null ? "✓" : undefined,
          onSelect: () => setCollections(chatKey, null),
        },
        {
          label: strings.noDocuments,
          icon: <X size={14} />,
          end: chosen?.length === 0 ? "✓" : undefined,
          onSelect: () => setCollections(chatKey, []),
        },
        ...(collections.length > 0 ? [null] : []),
        ...collections.map((collection) => ({
          label: collection.name,
          icon: <Hash size={14} />,
          end: chosen?.includes(collection.id) ? "✓" : undefined,
          onSelect: () => toggle(collection),
        })),
      ]}
    />
  )
}

function CollectionChips({ chatKey, chosen, isNone }: { chatKey: string; chosen: readonly string[]; isNone: boolean }) {
  const collections = useDocuments((state) => state.collections)
  if (isNone) return <span className="collection-chip">{strings.noDocuments}</span>
  return chosen.map((id) => {
    const name = collections.find((collection) => collection.id === id)?.name ?? id
    return (
      <span className="collection-chip" key={id}>
        <Hash size={11} aria-hidden />
        <span className="truncate">{name}</span>
        <button
          type="button"
          aria-label={strings.removeCollection(name)}
          onClick={() => {
            const next = chosen.filter((other) => other !== id)
            setCollections(chatKey, next.length === 0 ? null : next)
          }}
        >
          <X size={12} />
        </button>
      </span>
    )
  })
}
