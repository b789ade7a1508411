import { HoverCard } from "radix-ui"
import { useContext, useRef, useState } from "react"
import type { Passage } from "#contract/turns.ts"
import { useSettling } from "../../ui/useSettling.ts"
import { placeOf, shortPlace } from "../documents/place.ts"
import { QueryContext } from "../feedback/queryContext.ts"
import { openPanel } from "../frame/frameStore.ts"
import { strings } from "./strings.ts"

/** A small numeral: hover shows the passage, click opens it in its document. */
export function Citation({ n, passages }: { n: number; passages: readonly Passage[] }) {
  const queryId = useContext(QueryContext)
  const index = passages.findIndex((passage) => passage.n === n)
  const passage = passages[index]
  if (!passage) return null
  return (
    <PassageHover passage={passage}>
      <button
        type="button"
        className="citation"
        aria-label={strings.source(n, passage.title)}
        onClick={() => openPanel({ kind: "passages", passages: [...passages], index, queryId })}
      >
        {n}
      </button>
    </PassageHover>
  )
}

export function PassageHover({ passage, children }: { passage: Passage; children: React.ReactNode }) {
  const [isOpen, setIsOpen] = useState(false)
  // A click opens the passage beside the chat: until the pointer leaves, the card would only cover it.
  const isDismissed = useRef(false)
  return (
    <HoverCard.Root
      open={isOpen}
      onOpenChange={(next) => setIsOpen(next && !isDismissed.current)}
      openDelay={250}
      closeDelay={120}
    >
      <HoverCard.Trigger
        asChild
        onClickCapture={() => {
          isDismissed.current = true
          setIsOpen(false)
        }}
        onPointerEnter={() => {
          isDismissed.current = false
        }}
      >
        {children}
      </HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content className="hover-card" sideOffset={6} collisionPadding={12}>
          <div className="passage-title truncate">{passage.title}</div>
          <div className="faint passage-place truncate">{placeOf(passage)}</div>
          <p className="passage-text">{passage.text}</p>
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
  )
}

/** The found passages as one row of chips: it is there before the text and never changes height. */
export function SourceChips({
  passages,
  glowing,
  isProvisional,
}: {
  passages: readonly Passage[]
  glowing: number | null
  isProvisional?: boolean
}) {
  const queryId = useContext(QueryContext)
  const list = useRef<HTMLUListElement>(null)
  useSettling(list, passages.map((passage) => passage.chunkId).join())
  return (
    <ul
      ref={list}
      className={`plain-list chips ${isProvisional ? "provisional" : ""}`}
      aria-label={strings.sources}
      aria-busy={isProvisional === true}
    >
      {passages.map((passage, index) => (
        <li key={passage.chunkId} data-key={passage.chunkId}>
          <PassageHover passage={passage}>
            <button
              type="button"
              className={`chip ${glowing === passage.n ? "glowing" : ""}`}
              onClick={() => openPanel({ kind: "passages", passages: [...passages], index, queryId })}
            >
              <span className="visually-hidden">{strings.sourceLabel}</span>
              <span className="chip-number">{passage.n}</span>
              <ChipText passage={passage} others={othersOfDocument(passage, passages)} />
            </button>
          </PassageHover>
        </li>
      ))}
    </ul>
  )
}

const othersOfDocument = (passage: Passage, passages: readonly Passage[]): Passage[] =>
  passages.filter((other) => other !== passage && other.documentId === passage.documentId)

/** Passages of one document are told apart by their place: it comes first, so that a narrow chip still shows it. */
function ChipText({ passage, others }: { passage: Passage; others: readonly Passage[] }) {
  const title = <span className={`truncate ${others.length > 0 ? "faint" : ""}`}>{passage.title}</span>
  const own = shortPlace(passage)
  const isShared = own === null || others.some((other) => shortPlace(other) === own)
  const heading = passage.headingPath.findLast((part) => part !== passage.title)
  const place = isShared ? (heading ?? own) : own
  if (others.length > 0 && place)
    return (
      <>
        <span className="truncate chip-place">{place}</span>
        {title}
      </>
    )
  return (
    <>
      {title}
      <ChipPlace passage={passage} />
    </>
  )
}

/** The page's number alone, as chips are narrow; slides and times say what they are. */
function ChipPlace({ passage }: { passage: Passage }) {
  const place = shortPlace(passage)
  if (place === null) return null
  const [, label = "", value = place] = /^(page )(\d+)$/.exec(place) ?? []
  return (
    <span className="faint numbers">
      <span className="visually-hidden">{label}</span>
      {value}
    </span>
  )
}
