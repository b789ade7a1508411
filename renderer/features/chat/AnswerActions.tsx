import { Check, ChevronLeft, ChevronRight, Copy, RefreshCw, Square, ThumbsDown, ThumbsUp, Volume2 } from "lucide-react"
import { useState } from "react"
import type { Message } from "#contract/conversations.ts"
import { IconButton } from "../../ui/Button.tsx"
import { formatDuration } from "../../ui/format.ts"
import { Menu } from "../../ui/Menu.tsx"
import { openPanel } from "../frame/frameStore.ts"
import { readAloud, stopReading, useReading } from "../voice/readAloud.ts"
import { childrenByParent, newestLeaf } from "./branches.ts"
import { useModelChoices } from "./chatModel.ts"
import { useChat } from "./chatStore.ts"
import { giveFeedback, showBranch } from "./conversations.ts"
import { startTurn } from "./liveTurns.ts"
import { beforeSending } from "./SendingDialog.tsx"
import { strings } from "./strings.ts"

interface AnswerActionsProps {
  chatKey: string
  message: Message
  question: Message | null
  siblings: readonly Message[]
}

export function AnswerActions({ chatKey, message, question, siblings }: AnswerActionsProps) {
  const isTemporary = useChat((state) => state.temporaryIds[chatKey] === true)
  const isReading = useReading((state) => state.messageId === message.id)
  return (
    <div className="actions">
      <BranchSwitch chatKey={chatKey} message={message} siblings={siblings} />
      <CopyButton text={message.text} />
      <IconButton
        small
        label={isReading ? strings.stopReading : strings.readAloud}
        aria-pressed={isReading}
        onClick={() => (isReading ? stopReading() : void readAloud(message.id, message.text))}
      >
        {isReading ? <Square size={13} /> : <Volume2 size={15} />}
      </IconButton>
      {question ? <Regenerate chatKey={chatKey} question={question} /> : null}
      {isTemporary ? null : <Thumbs message={message} />}
      <TimingLine message={message} />
    </div>
  )
}

function Thumbs({ message }: { message: Message }) {
  return (["up", "down"] as const).map((feedback) => {
    const Icon = feedback === "up" ? ThumbsUp : ThumbsDown
    const isGiven = message.feedback === feedback
    return (
      <IconButton
        small
        key={feedback}
        label={strings[feedback]}
        aria-pressed={isGiven}
        onClick={() => void giveFeedback(message, feedback)}
      >
        <Icon size={14} fill={isGiven ? "currentColor" : "none"} />
      </IconButton>
    )
  })
}

function CopyButton({ text }: { text: string }) {
  const [isCopied, setIsCopied] = useState(false)
  return (
    <IconButton
      small
      label={isCopied ? strings.copied : strings.copy}
      onClick={() =>
        void navigator.clipboard.writeText(text).then(() => {
          setIsCopied(true)
          setTimeout(() => setIsCopied(false), 1500)
        })
      }
    >
      {isCopied ? <Check size={15} /> : <Copy size={14} />}
    </IconButton>
  )
}

function Regenerate({ chatKey, question }: { chatKey: string; question: Message }) {
  const again = (model?: string) =>
    void startTurn(chatKey, { kind: "text", regenerateMessageId: question.id, ...(model ? { model } : {}) })
  const choices = useModelChoices().filter(
    (choice) => choice.kind === "server" || (choice.kind === "local" && choice.model.status === "installed"),
  )
  return (
    <Menu
      align="start"
      trigger={
        <IconButton small label={strings.regenerate}>
          <RefreshCw size={14} />
        </IconButton>
      }
      entries={[
        strings.regenerateWith,
        { label: strings.sameModel, onSelect: () => again() },
        ...choices.map((choice) => ({
          label: choice.kind === "local" ? choice.model.name : choice.id,
          end: choice.kind === "server" && choice.server.leavesMachine ? strings.leaves : undefined,
          onSelect: () => beforeSending(choice, () => again(choice.id)),
        })),
      ]}
    />
  )
}

export function BranchSwitch({ chatKey, message, siblings }: Omit<AnswerActionsProps, "question">) {
  if (siblings.length < 2) return null
  const index = siblings.findIndex((sibling) => sibling.id === message.id)
  const show = (sibling: Message | undefined) => {
    if (!sibling) return
    const children = childrenByParent(useChat.getState().messages[chatKey] ?? [])
    void showBranch(chatKey, newestLeaf(children, sibling.id))
  }
  return (
    <span className="branch-switch">
      <IconButton small label={strings.previousBranch} disabled={index === 0} onClick={() => show(siblings[index - 1])}>
        <ChevronLeft size={14} />
      </IconButton>
      <span className="numbers">
        <span aria-hidden>
          {index + 1}/{siblings.length}
        </span>
        <span className="visually-hidden">{strings.branch(index + 1, siblings.length)}</span>
      </span>
      <IconButton
        small
        label={strings.nextBranch}
        disabled={index === siblings.length - 1}
        onClick={() => show(siblings[index + 1])}
      >
        <ChevronRight size={14} />
      </IconButton>
    </span>
  )
}

/** "0.9 s · 412 tokens · 3 sources": opens the turn's waterfall. */
function TimingLine({ message }: { message: Message }) {
  const endMs = Math.max(0, ...message.timings.map((timing) => timing.endMs))
  const parts = [
    endMs > 0 ? formatDuration(endMs) : null,
    message.usage ? strings.tokens(message.usage.completionTokens) : null,
    message.passages.length > 0 && message.endReason !== "not-found"
      ? strings.sourceCount(message.passages.length)
      : null,
  ].filter((part) => part !== null)
  if (parts.length === 0) return null
  return (
    <button
      type="button"
      className="timing-line numbers"
      title={strings.details}
      onClick={() => openPanel({ kind: "turn", message })}
    >
      {parts.join(" · ")}
    </button>
  )
}
