// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the history scrolls by keyboard
import { ArrowDown } from "lucide-react"
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react"
import { Virtualizer, type VirtualizerHandle } from "virtua"
import type { Message } from "#contract/conversations.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { AnswerRow } from "./AnswerRow.tsx"
import { childrenByParent, pathTo } from "./branches.ts"
import { type LiveTurn, useChat } from "./chatStore.ts"
import { startTurn } from "./liveTurns.ts"
import { QuestionRow } from "./QuestionRow.tsx"
import { strings } from "./strings.ts"

interface Row {
  key: string
  role: "user" | "assistant"
  message: Message | null
  turnId: string | null
  text: string | null
  question: Message | null
  siblings: readonly Message[]
}

const noMessages: Message[] = []
const noSiblings: readonly Message[] = []

/** The branch on screen, virtualised; stays at the end while an answer grows, unless the person scrolled up. */
export function MessageList({ chatKey }: { chatKey: string }) {
  const messages = useChat((state) => state.messages[chatKey] ?? noMessages)
  const leaf = useChat((state) => state.leaves[chatKey])
  const live = useChat((state) => state.live[chatKey] ?? null)
  const rowKeys = useChat((state) => state.rowKeys)
  const rows = useMemo(() => rowsOf(messages, leaf, live, rowKeys), [messages, leaf, live, rowKeys])
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const isAtEnd = useRef(true)
  const [isAway, setIsAway] = useState(false)

  useLayoutEffect(() => {
    const element = content.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  // A question just sent belongs at the end, wherever the person was reading.
  const liveId = live?.localId
  useEffect(() => {
    if (liveId === undefined) return
    isAtEnd.current = true
    setIsAway(false)
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  }, [liveId])
  const hasRows = rows.length > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: another chat opens at its end
  useLayoutEffect(() => {
    isAtEnd.current = true
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  }, [chatKey, hasRows])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight
    isAtEnd.current = distance < 48
    setIsAway(distance > 320)
  }
  return (
    <div className="messages-frame">
      <div
        className="messages scroll"
        ref={scroller}
        onScroll={onScroll}
        // A ring after a click and any key would say nothing: it shows where Tab has led.
        onPointerDown={(event) => event.currentTarget.toggleAttribute("data-pointed", true)}
        onBlur={(event) => event.currentTarget.removeAttribute("data-pointed")}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={strings.messages}
      >
        <div ref={content} className="messages-content">
          <Virtualizer ref={list} scrollRef={scroller} data={rows} startMargin={24} bufferSize={600}>
            {(row) => (
              <div className="message-column" key={row.key} data-message={row.message?.id}>
                {row.role === "user" ? (
                  <QuestionRow
                    chatKey={chatKey}
                    message={row.message}
                    text={row.text}
                    turnId={row.turnId}
                    siblings={row.siblings}
                    isBusy={live !== null}
                  />
                ) : row.message === null && row.turnId === null && live === null ? (
                  <UnansweredRow chatKey={chatKey} question={row.question} />
                ) : (
                  <AnswerRow
                    chatKey={chatKey}
                    message={row.message}
                    turnId={row.turnId}
                    question={row.question}
                    siblings={row.siblings}
                  />
                )}
              </div>
            )}
          </Virtualizer>
        </div>
      </div>
      {isAway ? (
        <div className="jump-to-end">
          <IconButton
            label={strings.jumpToEnd}
            onClick={() => {
              isAtEnd.current = true
              list.current?.scrollToIndex(rows.length - 1, { align: "end" })
            }}
          >
            <ArrowDown size={16} />
          </IconButton>
        </div>
      ) : null}
    </div>
  )
}

/** A question that has no answer: it was stopped before the first word, or the core was. */
function UnansweredRow({ chatKey, question }: { chatKey: string; question: Message | null }) {
  const wasStopped = useChat((state) => question !== null && state.stoppedQuestions[question.id] === true)
  if (!question) return null
  return (
    <div className="answer unanswered">
      <p className="ended-note">{wasStopped ? strings.stoppedEmpty : strings.unanswered}</p>
      <Button small onClick={() => void startTurn(chatKey, { kind: "text", regenerateMessageId: question.id })}>
        {strings.regenerate}
      </Button>
    </div>
  )
}

function rowsOf(
  messages: readonly Message[],
  leaf: string | undefined,
  live: LiveTurn | null,
  rowKeys: Readonly<Record<string, string>>,
): Row[] {
  // A live turn continues from its parent: what came after it is another branch.
  const path = live ? (live.parentId === null ? [] : pathTo(messages, live.parentId)) : pathTo(messages, leaf)
  const children = childrenByParent(messages)
  const rows: Row[] = []
  let question: Message | null = null
  for (const message of path) {
    const siblings = children.get(message.parentId) ?? noSiblings
    rows.push({
      key: rowKeys[message.id] ?? message.id,
      role: message.role,
      message,
      turnId: null,
      text: null,
      question: message.role === "assistant" ? question : null,
      siblings: siblings.length > 1 ? siblings.filter((sibling) => sibling.role === message.role) : noSiblings,
    })
    if (message.role === "user") question = message
  }
  if (live) {
    const shared = { message: null, turnId: live.turnId, question: null, siblings: noSiblings }
    if (!live.isRegeneration) rows.push({ ...shared, key: `q-${live.localId}`, role: "user", text: live.question })
    rows.push({ ...shared, key: `a-${live.localId}`, role: "assistant", text: null })
  } else if (question && path.at(-1) === question) {
    const missing = { message: null, turnId: null, text: null, siblings: noSiblings }
    rows.push({ ...missing, key: `none-${question.id}`, role: "assistant", question })
  }
  return rows
}
