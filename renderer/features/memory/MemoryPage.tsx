import { Bookmark, Pencil, Trash2 } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import type { Memory } from "#contract/memory.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatTime } from "../../ui/format.ts"
import { Empty } from "../../ui/Notice.tsx"
import { SearchField } from "../../ui/SearchField.tsx"
import { goTo, toast } from "../frame/frameStore.ts"
import {
  addMemory,
  changeMemory,
  followMemories,
  forgetEverything,
  forgetMemory,
  loadMemories,
  useMemory,
} from "./memoryStore.ts"
import { strings } from "./strings.ts"
import "./memory.css"

export default function MemoryPage() {
  const { items, total, next, isLoaded, error } = useMemory()
  const [query, setQuery] = useState("")
  const [forgetting, setForgetting] = useState<Memory | null>(null)
  const [isForgettingAll, setIsForgettingAll] = useState(false)
  useEffect(() => followMemories(), [])
  useEffect(() => void loadMemories(query.trim()), [query])
  return (
    <div className="page scroll">
      <header className="page-header memory-column">
        <h1 className="grow">{strings.title}</h1>
        {total > 0 ? <SearchField label={strings.search} value={query} onChange={setQuery} /> : null}
      </header>
      <div className="page-body memory-column memory-body">
        <p className="soft">{strings.intro}</p>
        <AddMemory onAdded={() => void loadMemories(query.trim())} />
        {error ? <Failure error={error} onRetry={() => void loadMemories(query.trim())} /> : null}
        {isLoaded && !error && items.length === 0 ? (
          <Empty
            icon={<Bookmark size={22} />}
            title={total === 0 ? strings.emptyTitle : strings.noMatchTitle}
            text={total === 0 ? strings.emptyText : strings.noMatchText}
          />
        ) : null}
        {items.length > 0 ? (
          <ul className="plain-list memory-list" aria-label={strings.title}>
            {items.map((memory) => (
              <MemoryRow key={memory.id} memory={memory} onForget={() => setForgetting(memory)} />
            ))}
          </ul>
        ) : null}
        {next !== null ? (
          <Button className="memory-more" onClick={() => void loadMemories(query.trim(), true)}>
            {strings.more}
          </Button>
        ) : null}
        {total > 0 ? (
          <footer className="memory-foot">
            <span className="faint numbers grow">{strings.count(total)}</span>
            <Button small variant="danger" onClick={() => setIsForgettingAll(true)}>
              {strings.forgetAll}
            </Button>
          </footer>
        ) : null}
      </div>
      <Confirm
        title={strings.forgetTitle}
        description={strings.forgetText}
        action={strings.forgetAction}
        cancel={strings.cancel}
        isOpen={forgetting !== null}
        onClose={() => setForgetting(null)}
        onConfirm={() => {
          if (forgetting) void forgetMemory(forgetting.id).then((done) => (done ? toast(strings.forgotten) : undefined))
        }}
      />
      <Confirm
        title={strings.forgetAllTitle(total)}
        description={strings.forgetText}
        action={strings.forgetAll}
        cancel={strings.cancel}
        isOpen={isForgettingAll}
        onClose={() => setIsForgettingAll(false)}
        onConfirm={() => void forgetEverything()}
      />
    </div>
  )
}

function AddMemory({ onAdded }: { onAdded: () => void }) {
  const [text, setText] = useState("")
  return (
    <form
      className="memory-add"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() === "") return
        void addMemory(text.trim()).then((added) => {
          if (!added) return
          setText("")
          onAdded()
        })
      }}
    >
      <input
        className="field grow"
        aria-label={strings.addLabel}
        placeholder={strings.addPlaceholder}
        maxLength={2000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" variant="primary" disabled={text.trim() === ""}>
        {strings.add}
      </Button>
    </form>
  )
}

function MemoryRow({ memory, onForget }: { memory: Memory; onForget: () => void }) {
  const [isEditing, setIsEditing] = useState(false)
  const short = memory.text.length > 40 ? `${memory.text.slice(0, 40)}…` : memory.text
  const weights = strings.weights.some(([value]) => value === memory.weight)
    ? strings.weights
    : [...strings.weights, [memory.weight, `× ${memory.weight}`] as const]
  return (
    <li className={`memory ${memory.weight === 0 ? "unused" : ""}`}>
      {isEditing ? (
        <EditMemory memory={memory} onDone={() => setIsEditing(false)} />
      ) : (
        <p className="memory-text">{memory.text}</p>
      )}
      <div className="memory-line">
        <span className="faint memory-source">
          <Source memory={memory} />
          <span className="numbers">{formatTime(memory.createdAt)}</span>
          {memory.updatedAt > memory.createdAt ? <span>{strings.edited}</span> : null}
        </span>
        <select
          className="memory-weight"
          aria-label={`${strings.weight}: ${short}`}
          value={memory.weight}
          onChange={(event) => void changeMemory(memory.id, { weight: Number(event.target.value) })}
        >
          {weights.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        <IconButton small label={strings.edit(short)} aria-pressed={isEditing} onClick={() => setIsEditing(!isEditing)}>
          <Pencil size={14} />
        </IconButton>
        <IconButton small label={strings.forget(short)} onClick={onForget}>
          <Trash2 size={14} />
        </IconButton>
      </div>
    </li>
  )
}

function Source({ memory: { source } }: { memory: Memory }) {
  const { conversationId, conversationTitle, kind } = source
  if (conversationId === null) return <span>{strings.from[kind]}</span>
  return (
    <button type="button" className="link truncate" onClick={() => goTo("chat", conversationId)}>
      {conversationTitle ? strings.fromChat(conversationTitle) : strings.from[kind]}
    </button>
  )
}

function EditMemory({ memory, onDone }: { memory: Memory; onDone: () => void }) {
  const [text, setText] = useState(memory.text)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const save = () => {
    if (text.trim() === "" || text.trim() === memory.text) onDone()
    else void changeMemory(memory.id, { text: text.trim() }).then((changed) => (changed ? onDone() : undefined))
  }
  return (
    <form
      className="memory-edit"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <textarea
        ref={field}
        className="field"
        aria-label={strings.editLabel}
        rows={Math.min(8, 1 + Math.ceil(text.length / 70))}
        maxLength={2000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation()
            onDone()
          } else if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault()
            save()
          }
        }}
      />
      <div className="row">
        <Button small type="submit" variant="primary">
          {strings.save}
        </Button>
        <Button small onClick={onDone}>
          {strings.cancel}
        </Button>
      </div>
    </form>
  )
}
