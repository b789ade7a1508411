import { Brain, ChevronRight } from "lucide-react"
import { memo } from "react"
import type { Message } from "#contract/conversations.ts"
import { emptyTurn } from "#contract/turnState.ts"
import { Button } from "../../ui/Button.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { useDocuments } from "../documents/documentsStore.ts"
import { QueryContext } from "../feedback/queryContext.ts"
import { MemoryNote } from "../memory/MemoryNote.tsx"
import { litSentence, useVoice } from "../voice/voiceStore.ts"
import { AnswerActions } from "./AnswerActions.tsx"
import { AnswerOrigin } from "./AnswerOrigin.tsx"
import { type AnswerView, viewOfMessage, viewOfTurn } from "./answerView.ts"
import { SourceChips } from "./Citation.tsx"
import { useChat } from "./chatStore.ts"
import { startTurn } from "./liveTurns.ts"
import { Markdown } from "./Markdown.tsx"
import { strings } from "./strings.ts"
import { useTurns } from "./turnStore.ts"

interface AnswerRowProps {
  chatKey: string
  /** One of the two: an answer of the store, or one being written. */
  message: Message | null
  turnId: string | null
  question: Message | null
  siblings: readonly Message[]
}

export const AnswerRow = memo(function AnswerRow({ chatKey, message, turnId, question, siblings }: AnswerRowProps) {
  const turn = useTurns((state) => (message || !turnId ? null : (state.turns[turnId] ?? null)))
  const view = message ? viewOfMessage(message) : viewOfTurn(turn ?? emptyTurn(turnId ?? ""))
  const spokenTurnId = turnId ?? null
  const lit = useVoice((state) => litSentence(state, spokenTurnId, message?.id ?? turn?.messageId ?? null))
  const isTemporary = useChat((state) => state.temporaryIds[chatKey] === true)
  const queryId = isTemporary ? null : (message?.id ?? turn?.messageId ?? null)
  const range = lit && lit.start >= 0 ? lit : null
  const quoted = lit?.quoted ?? null
  return (
    <QueryContext value={queryId}>
      <article className="answer" aria-label={strings.answered} aria-busy={view.isLive}>
        <AnswerHead view={view} glowing={range ? citationAt(view, range.start) : quoted} />
        {view.reasoning ? <Reasoning text={view.reasoning} isOpen={view.isLive && view.text === ""} /> : null}
        {view.quote && (view.text === "" || quoted !== null) ? (
          <blockquote className="quote">
            <p>
              <span className={quoted === null ? undefined : "lit"}>{view.quote.sentence}</span>
            </p>
            <footer>
              {strings.quoteLabel} · {view.passages.find((passage) => passage.n === view.quote?.citation)?.title}
            </footer>
          </blockquote>
        ) : null}
        {view.progress ? (
          <p className="progress-line">
            <span className="pulse" aria-hidden />
            {view.progress}
          </p>
        ) : null}
        {view.isNotFound && !view.isLive ? (
          <NotFound view={view} chatKey={chatKey} question={question} />
        ) : (
          <Markdown
            text={view.text}
            spans={view.spans}
            passages={view.passages}
            lit={range}
            isStreaming={view.isLive && view.text !== ""}
          />
        )}
        {view.error ? (
          <Notice tone="danger" title={view.error.message} remedy={view.error.remedy} code={view.error.code} />
        ) : null}
        {view.endReason === "aborted" || view.endReason === "length" || view.endReason === "no-speech" ? (
          <p className="ended-note">
            {view.endReason === "aborted" && view.text === "" ? strings.stoppedEmpty : strings.ended[view.endReason]}
          </p>
        ) : null}
        {view.isLive ? null : (
          <MemoryNote messageId={message?.id ?? turn?.messageId ?? null} conversationId={chatKey} />
        )}
        {view.sent ? <AnswerOrigin route={view.sent} /> : null}
        <div className="answer-foot">
          {message && !view.isLive ? (
            <AnswerActions chatKey={chatKey} message={message} question={question} siblings={siblings} />
          ) : null}
        </div>
      </article>
    </QueryContext>
  )
})

/** The row above the text keeps its height from the first passage on. */
function AnswerHead({ view, glowing }: { view: AnswerView; glowing: number | null }) {
  if (view.passages.length === 0) return null
  return <SourceChips passages={view.passages} glowing={glowing} isProvisional={view.isProvisional} />
}

function citationAt(view: AnswerView, at: number): number | null {
  return view.spans.find((span) => span.start <= at && span.end > at)?.citations[0] ?? null
}

function Reasoning({ text, isOpen }: { text: string; isOpen: boolean }) {
  return (
    <details className="reasoning" open={isOpen}>
      <summary>
        <Brain size={14} aria-hidden />
        {strings.reasoning}
        <ChevronRight size={14} aria-hidden className="chevron" />
      </summary>
      <p>{text}</p>
    </details>
  )
}

function NotFound({ view, chatKey, question }: { view: AnswerView; chatKey: string; question: Message | null }) {
  const collections = useDocuments((state) => state.collections)
  return (
    <div className="not-found">
      {view.text ? (
        <Markdown text={view.text} spans={view.spans} passages={view.closest} />
      ) : (
        <p>{strings.notFoundTitle}</p>
      )}
      {view.closest.length > 0 ? (
        <>
          <p className="faint">{strings.notFoundClosest}</p>
          <SourceChips passages={view.closest.slice(0, 3)} glowing={null} />
        </>
      ) : null}
      {question ? (
        <Button
          small
          onClick={() =>
            void startTurn(chatKey, {
              kind: "text",
              regenerateMessageId: question.id,
              collectionIds: collections.map((collection) => collection.id),
            })
          }
        >
          {strings.searchAll}
        </Button>
      ) : null}
    </div>
  )
}
