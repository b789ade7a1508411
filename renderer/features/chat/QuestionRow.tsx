import { Copy, Mic, Pencil } from "lucide-react"
import { memo, useState } from "react"
import type { Message } from "#contract/conversations.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { BranchSwitch } from "./AnswerActions.tsx"
import { startTurn } from "./liveTurns.ts"
import { strings } from "./strings.ts"
import { useTurns } from "./turnStore.ts"

interface QuestionRowProps {
  chatKey: string
  message: Message | null
  /** While the question is being sent, or spoken. */
  text: string | null
  turnId: string | null
  siblings: readonly Message[]
  isBusy: boolean
}

export const QuestionRow = memo(function QuestionRow({
  chatKey,
  message,
  text,
  turnId,
  siblings,
  isBusy,
}: QuestionRowProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const spoken = useTurns((state) => (turnId && text === null ? (state.turns[turnId]?.question ?? "") : ""))
  const words = message?.text ?? text ?? spoken
  if (words === "") return null
  const ask = () => {
    if (!message || !draft?.trim()) return
    setDraft(null)
    void startTurn(chatKey, { kind: "text", text: draft.trim(), editParentId: message.parentId })
  }
  if (draft !== null) {
    return (
      <form
        className="question-edit"
        onSubmit={(event) => {
          event.preventDefault()
          ask()
        }}
      >
        <textarea
          className="field"
          aria-label={strings.edit}
          value={draft}
          rows={Math.min(8, draft.split("\n").length + 1)}
          // biome-ignore lint/a11y/noAutofocus: the person just asked to edit this text
          autoFocus
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") {
              event.stopPropagation()
              setDraft(null)
            }
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault()
              ask()
            }
          }}
        />
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button small onClick={() => setDraft(null)}>
            {strings.cancel}
          </Button>
          <Button small variant="primary" type="submit">
            {strings.saveEdit}
          </Button>
        </div>
      </form>
    )
  }
  return (
    <article className="question" aria-label={strings.youSaid}>
      <div className="question-text">
        {message?.kind === "voice" ? <Mic size={13} aria-hidden className="question-voice" /> : null}
        {words}
      </div>
      <Speaker message={message} turnId={turnId} />
      <div className="question-foot">
        {message ? (
          <>
            <BranchSwitch chatKey={chatKey} message={message} siblings={siblings} />
            <div className="actions on-hover">
              <IconButton small label={strings.copy} onClick={() => void navigator.clipboard.writeText(message.text)}>
                <Copy size={14} />
              </IconButton>
              <IconButton
                small
                label={strings.edit}
                disabled={isBusy}
                data-edit-question
                onClick={() => setDraft(message.text)}
              >
                <Pencil size={14} />
              </IconButton>
            </div>
          </>
        ) : null}
      </div>
    </article>
  )
})

/** Whose voice it was, where voices are known. */
function Speaker({ message, turnId }: { message: Message | null; turnId: string | null }) {
  const live = useTurns((state) => (turnId ? state.turns[turnId]?.speaker : undefined))
  const speaker = message ? message.speaker : live
  if (speaker === undefined) return null
  return <div className="question-speaker faint">{speaker ? speaker.name : strings.unknownVoice}</div>
}
