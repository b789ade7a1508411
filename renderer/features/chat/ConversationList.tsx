import { EllipsisVertical, FileDown, FileJson, Pencil, Plus, Search, Trash2, Users, X } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import type { Conversation, SearchHit } from "#contract/conversations.ts"
import { Button, IconButton, RowButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatTime } from "../../ui/format.ts"
import { Menu } from "../../ui/Menu.tsx"
import { goTo } from "../frame/frameStore.ts"
import { isShared, mayShare, shareConversation, usePeople } from "../people/peopleStore.ts"
import { SharedMark } from "../people/SharedNote.tsx"
import { SharingDialog } from "../people/SharingDialog.tsx"
import { strings as people } from "../people/strings.ts"
import { startNewChat, useChat } from "./chatStore.ts"
import {
  deleteConversation,
  exportChat,
  loadConversations,
  loadOlderConversations,
  renameConversation,
  searchConversations,
} from "./conversations.ts"
import { strings } from "./strings.ts"
import { useTitle } from "./useTitle.ts"

export function ConversationList({ activeId }: { activeId: string | null }) {
  const conversations = useChat((state) => state.conversations)
  const isLoaded = useChat((state) => state.isListLoaded)
  const hasOlder = useChat((state) => state.nextCursor !== null)
  const error = useChat((state) => state.listError)
  const hits = useChat((state) => state.hits)
  return (
    <nav className="conversations" aria-label={strings.chats}>
      <div className="conversations-head">
        <SearchField />
        <IconButton label={strings.newChat} keys="Mod Shift O" onClick={() => startNewChat()}>
          <Plus size={17} />
        </IconButton>
      </div>
      <div className="conversations-scroll scroll">
        {error ? <Failure error={error} onRetry={() => void loadConversations()} /> : null}
        {hits ? (
          <Hits hits={hits} />
        ) : (
          <>
            {grouped(conversations).map(([title, entries]) => (
              <section key={title}>
                <h2 className="conversations-group">{title}</h2>
                <ul className="plain-list">
                  {entries.map((entry) => (
                    <Entry key={entry.id} entry={entry} isActive={entry.id === activeId} />
                  ))}
                </ul>
              </section>
            ))}
            {isLoaded && conversations.length === 0 && !error ? (
              <p className="conversations-empty">{strings.noChats}</p>
            ) : null}
            {hasOlder ? (
              <Button small variant="quiet" onClick={() => void loadOlderConversations()}>
                {strings.older}
              </Button>
            ) : null}
          </>
        )}
      </div>
    </nav>
  )
}

function SearchField() {
  const [value, setValue] = useState("")
  useEffect(() => {
    const timer = setTimeout(() => void searchConversations(value), 180)
    return () => clearTimeout(timer)
  }, [value])
  return (
    <div className="search-field grow">
      <Search size={14} aria-hidden />
      <input
        id="chat-search"
        className="field"
        type="search"
        placeholder={strings.searchChats}
        aria-label={strings.searchChats}
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setValue("")
        }}
      />
      {value ? (
        <IconButton small className="search-clear" label={strings.clearSearch} onClick={() => setValue("")}>
          <X size={13} />
        </IconButton>
      ) : null}
    </div>
  )
}

function Hits({ hits }: { hits: readonly SearchHit[] }) {
  if (hits.length === 0) return <p className="conversations-empty">{strings.noHits}</p>
  return (
    <ul className="plain-list">
      {hits.map((hit) => (
        <li key={hit.messageId}>
          <a
            className="hit"
            href={`#/chat/${hit.conversationId}`}
            onClick={(event) => {
              event.preventDefault()
              goTo("chat", hit.conversationId)
            }}
          >
            <span className="truncate">{hit.conversationTitle || strings.untitled}</span>
            <span className="hit-snippet">
              <Snippet text={hit.snippet} />
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}

/** Matched words stand between U+E000 and U+E001. */
function Snippet({ text }: { text: string }) {
  return text.split(/(\uE000[^\uE001]*\uE001)/).map((part, index) => {
    const key = `${index}-${part}`
    return part.startsWith("\uE000") ? <mark key={key}>{part.slice(1, -1)}</mark> : <span key={key}>{part}</span>
  })
}

function Entry({ entry, isActive }: { entry: Conversation; isActive: boolean }) {
  const [isRenaming, setIsRenaming] = useState(false)
  const [isSharing, setIsSharing] = useState(false)
  const isMine = !entry.sharedBy
  const canShare = usePeople((state) => isShared(state) && mayShare(state)) && isMine
  const isLive = useChat((state) => state.live[entry.id] !== undefined)
  const title = useTitle(entry.id) || strings.untitled
  if (isRenaming) return <RenameField entry={entry} onDone={() => setIsRenaming(false)} />
  return (
    <li className="conversation">
      <a
        href={`#/chat/${entry.id}`}
        aria-current={isActive ? "true" : undefined}
        title={title}
        onClick={(event) => {
          event.preventDefault()
          useChat.setState({ isListOpen: false })
          goTo("chat", entry.id)
        }}
        onDoubleClick={() => setIsRenaming(isMine)}
        onKeyDown={(event) => {
          if (!isMine) return
          if (event.key === "F2") setIsRenaming(true)
          if (event.key === "Delete") void deleteConversation(entry.id)
        }}
      >
        {isLive ? <span className="pulse" aria-hidden /> : null}
        <span className="truncate grow">{title}</span>
        <SharedMark thing={entry} />
        <span className="conversation-time numbers">{formatTime(entry.updatedAt)}</span>
      </a>
      <Menu
        trigger={
          <RowButton label={strings.options(title)} className="conversation-menu">
            <EllipsisVertical size={14} />
          </RowButton>
        }
        entries={[
          ...(isMine
            ? [
                {
                  label: strings.rename,
                  icon: <Pencil size={14} />,
                  end: "F2",
                  onSelect: () => setTimeout(() => setIsRenaming(true)),
                },
              ]
            : []),
          ...(canShare ? [{ label: people.share, icon: <Users size={14} />, onSelect: () => setIsSharing(true) }] : []),
          { label: strings.exportMarkdown, icon: <FileDown size={14} />, onSelect: () => void exportChat(entry, "md") },
          { label: strings.exportJson, icon: <FileJson size={14} />, onSelect: () => void exportChat(entry, "json") },
          ...(isMine
            ? [
                null,
                {
                  label: strings.delete,
                  icon: <Trash2 size={14} />,
                  isDanger: true,
                  onSelect: () => void deleteConversation(entry.id),
                },
              ]
            : []),
        ]}
      />
      {isSharing ? (
        <SharingDialog
          name={title}
          sharing={entry.sharing ?? { audience: "private", personIds: [] }}
          texts={people.conversationText}
          onClose={() => setIsSharing(false)}
          onSave={(sharing) => void shareConversation(entry.id, sharing).then(() => loadConversations())}
        />
      ) : null}
    </li>
  )
}

function RenameField({ entry, onDone }: { entry: Conversation; onDone: () => void }) {
  const [title, setTitle] = useState(entry.title)
  const field = useRef<HTMLInputElement>(null)
  const isCancelled = useRef(false)
  useEffect(() => {
    field.current?.focus()
    field.current?.select()
  }, [])
  return (
    <li className="conversation">
      <input
        ref={field}
        className="field"
        aria-label={strings.renameField}
        maxLength={200}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") isCancelled.current = true
          if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur()
        }}
        onBlur={() => {
          const next = title.trim()
          if (!isCancelled.current && next && next !== entry.title) void renameConversation(entry.id, next)
          onDone()
        }}
      />
    </li>
  )
}

function grouped(conversations: readonly Conversation[]): [string, Conversation[]][] {
  const now = new Date()
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
  const week = today - 6 * 86_400_000
  const groups: [string, Conversation[]][] = [
    [strings.groups.today, conversations.filter((entry) => entry.updatedAt >= today)],
    [strings.groups.week, conversations.filter((entry) => entry.updatedAt < today && entry.updatedAt >= week)],
    [strings.groups.older, conversations.filter((entry) => entry.updatedAt < week)],
  ]
  return groups.filter(([, entries]) => entries.length > 0)
}
