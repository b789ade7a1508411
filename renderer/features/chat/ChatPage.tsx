import { EllipsisVertical, FileDown, FileJson, Ghost, PanelLeft, SquarePen, Trash2 } from "lucide-react"
import { useEffect, useState } from "react"
import { useConnection } from "../../api/socket.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatCount } from "../../ui/format.ts"
import { Menu } from "../../ui/Menu.tsx"
import { addFiles, followDocuments, loadCollections, useDocuments } from "../documents/documentsStore.ts"
import { droppedFiles } from "../documents/droppedFiles.ts"
import { goTo, useFrame } from "../frame/frameStore.ts"
import { isTyping } from "../frame/useGlobalKeys.ts"
import { loadBackends, useBackends, usesServers } from "../models/backendsStore.ts"
import { useModels } from "../models/modelsStore.ts"
import { SharedNote } from "../people/SharedNote.tsx"
import { usePushToTalk } from "../voice/usePushToTalk.ts"
import { stopTalking } from "../voice/voiceStore.ts"
import { Carousel } from "./Carousel.tsx"
import { Composer } from "./Composer.tsx"
import { ConversationList } from "./ConversationList.tsx"
import { focusComposer, newKey, startNewChat, useChat } from "./chatStore.ts"
import {
  deleteConversation,
  exportChat,
  followConversations,
  loadConversations,
  loadMessages,
} from "./conversations.ts"
import { recoverLiveTurns, resumeTurn, startTurn, stopTurn } from "./liveTurns.ts"
import { MessageList } from "./MessageList.tsx"
import { SendingDialog } from "./SendingDialog.tsx"
import { strings } from "./strings.ts"
import { useTitle } from "./useTitle.ts"
import "./chat.css"

export default function ChatPage() {
  const activeId = useFrame((state) => state.detail)
  const key = activeId ?? newKey
  const isListOpen = useChat((state) => state.isListOpen)
  const isCarouselOpen = useChat((state) => state.isCarouselOpen)
  const hasMessages = useChat((state) => (state.messages[key]?.length ?? 0) > 0 || state.live[key] !== undefined)
  const isKnown = useChat(
    (state) => activeId === null || state.messages[activeId] !== undefined || state.live[activeId] !== undefined,
  )
  const error = useChat((state) => state.messageErrors[key])
  const sharedBy = useChat((state) => state.conversations.find(({ id }) => id === key)?.sharedBy ?? null)
  const viewKey = useChat((state) =>
    activeId ? (state.viewKeys[activeId] ?? activeId) : `${newKey}-${state.newCount}`,
  )
  const [isDropping, setIsDropping] = useState(false)
  usePushToTalk()
  useChatKeys(key)
  useEffect(() => {
    void loadConversations()
    void loadCollections()
    void loadBackends()
    const stops = [
      followConversations(),
      followDocuments(),
      useConnection.subscribe((state, previous) => {
        if (state.status !== "open" || previous.status === "open") return
        void recoverLiveTurns()
        void loadConversations()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
      stopTalking()
    }
  }, [])
  useEffect(() => {
    if (activeId && !useChat.getState().live[activeId]) void loadMessages(activeId).then(() => resumeTurn(activeId))
  }, [activeId])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has a keyboard way, the button "Add files"
    <div
      className={`chat ${isListOpen ? "list-open" : ""}`}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return
        event.preventDefault()
        setIsDropping(true)
      }}
      onDragLeave={(event) => {
        if (event.currentTarget === event.target) setIsDropping(false)
      }}
      onDrop={(event) => {
        event.preventDefault()
        setIsDropping(false)
        void droppedFiles(event.dataTransfer).then((files) => addFiles(files, null))
      }}
    >
      <ConversationList activeId={activeId} />
      {isListOpen ? (
        <button
          type="button"
          className="list-scrim"
          aria-label={strings.hideList}
          onClick={() => useChat.setState({ isListOpen: false })}
        />
      ) : null}
      <section className="chat-main" aria-label={strings.messages}>
        <Header chatKey={key} />
        {error && !hasMessages ? (
          <div className="chat-error">
            <Failure error={error} onRetry={() => activeId && void loadMessages(activeId)} />
          </div>
        ) : hasMessages ? (
          <MessageList chatKey={key} key={viewKey} />
        ) : isKnown ? (
          <Welcome chatKey={key} />
        ) : (
          <div className="chat-loading">
            <div className="skeleton" style={{ width: "46%", height: 36, justifySelf: "end" }} />
            <div className="skeleton" style={{ height: 96 }} />
            <div className="skeleton" style={{ width: "32%", height: 36, justifySelf: "end" }} />
            <div className="skeleton" style={{ height: 140 }} />
          </div>
        )}
        <div className="chat-foot">
          {isCarouselOpen ? <Carousel chatKey={key} /> : null}
          {sharedBy ? <SharedNote by={sharedBy} /> : <Composer chatKey={key} />}
        </div>
      </section>
      <SendingDialog chatKey={key} />
      {isDropping ? <div className="drop-veil">{strings.dropHere}</div> : null}
    </div>
  )
}

function Header({ chatKey }: { chatKey: string }) {
  const entry = useChat((state) => state.conversations.find((candidate) => candidate.id === chatKey) ?? null)
  const isTemporary = useChat((state) =>
    chatKey === newKey ? state.isTemporary : state.temporaryIds[chatKey] === true,
  )
  const title = useTitle(chatKey)
  return (
    <header className="chat-header">
      <IconButton
        label={strings.showList}
        className="list-toggle"
        onClick={() => useChat.setState((state) => ({ isListOpen: !state.isListOpen }))}
      >
        <PanelLeft size={17} />
      </IconButton>
      <h1 className="chat-title truncate">{isTemporary ? strings.temporary : title || strings.newChat}</h1>
      {isTemporary ? (
        <span className="badge" title={strings.temporaryHint}>
          <Ghost size={12} aria-hidden />
          {strings.temporaryHint}
        </span>
      ) : null}
      <span className="grow" />
      <ContextMeter chatKey={chatKey} />
      {chatKey === newKey ? (
        <IconButton
          label={strings.startTemporary}
          aria-pressed={isTemporary}
          onClick={() => useChat.setState({ isTemporary: !isTemporary })}
        >
          <Ghost size={16} />
        </IconButton>
      ) : (
        <>
          <IconButton
            label={strings.newChat}
            keys="Mod Shift O"
            className="new-chat-narrow"
            onClick={() => startNewChat()}
          >
            <SquarePen size={16} />
          </IconButton>
          {entry ? (
            <Menu
              trigger={
                <IconButton label={strings.chatOptions}>
                  <EllipsisVertical size={16} />
                </IconButton>
              }
              entries={[
                {
                  label: strings.exportMarkdown,
                  icon: <FileDown size={14} />,
                  onSelect: () => void exportChat(entry, "md"),
                },
                {
                  label: strings.exportJson,
                  icon: <FileJson size={14} />,
                  onSelect: () => void exportChat(entry, "json"),
                },
                null,
                {
                  label: strings.delete,
                  icon: <Trash2 size={14} />,
                  isDanger: true,
                  onSelect: () => void deleteConversation(entry.id),
                },
              ]}
            />
          ) : null}
        </>
      )}
    </header>
  )
}

/** How much of the model's window the conversation uses. */
function ContextMeter({ chatKey }: { chatKey: string }) {
  const context = useChat((state) => state.contexts[chatKey] ?? null)
  if (!context || context.limit <= 0) return null
  const share = Math.min(1, context.tokens / context.limit)
  const label = strings.context(formatCount(context.tokens), formatCount(context.limit))
  return (
    <div className="context-meter" role="img" aria-label={label} title={label}>
      <svg viewBox="0 0 20 20" width={18} height={18} aria-hidden>
        <circle cx={10} cy={10} r={8} className="context-track" />
        <circle
          cx={10}
          cy={10}
          r={8}
          className={`context-value ${share > 0.85 ? "high" : ""}`}
          strokeDasharray={`${share * 50.27} 50.27`}
        />
      </svg>
      <span className="numbers">{Math.round(share * 100)} %</span>
    </div>
  )
}

function Welcome({ chatKey }: { chatKey: string }) {
  const bundle = useModels((state) => state.bundle)
  const mayLeave = useBackends(usesServers)
  const hasSample = useDocuments((state) => state.collections.some((collection) => collection.isSample))
  return (
    <div className="chat-welcome">
      <span className="welcome-glow" aria-hidden />
      <h2>{strings.emptyTitle}</h2>
      <p className="soft">{mayLeave ? strings.emptyTextServers : strings.emptyText}</p>
      {bundle && !bundle.capabilities.composedAnswers ? (
        <div className="welcome-note">
          <p className="soft">{strings.emptyNoModel}</p>
          <Button small onClick={() => goTo("models")}>
            {strings.getModels}
          </Button>
        </div>
      ) : null}
      {hasSample ? (
        <ul className="plain-list starters">
          {strings.starters.map((text) => (
            <li key={text}>
              <button type="button" onClick={() => void startTurn(chatKey, { kind: "text", text })}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

function useChatKeys(key: string): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isMod = event.ctrlKey || event.metaKey
      const letter = event.key.toLowerCase()
      if (isMod && event.shiftKey && letter === "o") startNewChat()
      else if (isMod && event.shiftKey && letter === "f") {
        useChat.setState({ isListOpen: true })
        requestAnimationFrame(() => document.getElementById("chat-search")?.focus())
      } else if (isMod && !event.shiftKey && letter === "m") {
        useChat.setState((state) => ({ isCarouselOpen: !state.isCarouselOpen }))
      } else if (event.key === "/" && !isMod && !isTyping(event.target)) focusComposer()
      else if (event.key === "Escape" && !event.defaultPrevented && useChat.getState().live[key]) void stopTurn(key)
      else return
      event.preventDefault()
    }
    window.addEventListener("keydown", onKey)
    return () => window.removeEventListener("keydown", onKey)
  }, [key])
}
