import { Bookmark, ChevronLeft, ChevronRight, FileText } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import type { DocumentSource } from "#contract/documents.ts"
import type { Passage } from "#contract/turns.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { note } from "../feedback/feedbackStore.ts"
import { PassageActions } from "../feedback/PassageActions.tsx"
import { goTo, openPanel } from "../frame/frameStore.ts"
import { strings as memoryStrings } from "../memory/strings.ts"
import { PictureView } from "./PictureView.tsx"
import { dateText, hostOf, placeOf } from "./place.ts"
import { type SoundHandle, SoundPlayer } from "./SoundPlayer.tsx"
import { SourceText } from "./SourceText.tsx"
import { strings } from "./strings.ts"
import "./documents.css"

interface SourcePanelProps {
  passages: Passage[]
  index: number
  /** The list the passages stood in; null where it is not kept. */
  queryId: string | null
}

/** The passage behind a citation, highlighted in its document. */
export default function SourcePanel({ passages, index, queryId }: SourcePanelProps) {
  const passage = passages[index]
  const [source, setSource] = useState<DocumentSource | null>(null)
  const [error, setError] = useState<unknown>(null)
  const sound = useRef<SoundHandle>(null)
  const documentId = passage?.documentId
  const chunkId = passage?.chunkId
  const isMemory = passage?.kind === "memory"
  useEffect(() => {
    // A memory has no document: its text is the passage.
    if (!documentId || !chunkId || isMemory) return
    setError(null)
    const abort = new AbortController()
    api("GET /api/documents/:id/source", {
      params: { id: documentId },
      query: { chunk: chunkId },
      signal: abort.signal,
    })
      .then(setSource)
      .catch((reason: unknown) => (abort.signal.aborted ? undefined : setError(reason)))
    return () => abort.abort()
  }, [documentId, chunkId, isMemory])
  if (!passage) return null
  const show = (next: number) => openPanel({ kind: "passages", passages, index: next, queryId })
  const place = placeOf(passage)
  const isLoaded = source?.documentId === passage.documentId
  const isSound = passage.documentKind === "audio"
  return (
    <>
      <div className="source-head">
        <div className="grow">
          <h3 className="panel-title truncate" title={passage.title}>
            {passage.title}
          </h3>
          <div className="faint truncate" title={passage.path}>
            {place}
          </div>
        </div>
        <span className="numbers faint">{strings.source.position(index + 1, passages.length)}</span>
        <IconButton small label={strings.source.previous} disabled={index === 0} onClick={() => show(index - 1)}>
          <ChevronLeft size={15} />
        </IconButton>
        <IconButton
          small
          label={strings.source.next}
          disabled={index === passages.length - 1}
          onClick={() => show(index + 1)}
        >
          <ChevronRight size={15} />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a document scrolls by keyboard */}
      <div className="side-panel-body scroll" tabIndex={0} onCopy={() => note(queryId, passage.chunkId, "copy")}>
        {isMemory ? (
          <blockquote className="source-quote">{passage.text}</blockquote>
        ) : error ? (
          <>
            <Failure error={error} />
            <blockquote className="source-quote">{passage.text}</blockquote>
          </>
        ) : isLoaded ? (
          <>
            {passage.url ? (
              <p className="source-address">
                <a href={passage.url} target="_blank" rel="noreferrer noopener">
                  {hostOf(passage.url)}
                </a>{" "}
                <span className="faint">{dateText(passage)}</span>
              </p>
            ) : null}
            {isSound ? (
              <SoundPlayer documentId={passage.documentId} startMs={passage.startMs ?? 0} ref={sound} />
            ) : null}
            {passage.documentKind === "image" ? (
              <PictureView documentId={passage.documentId} title={passage.title} />
            ) : null}
            <SourceText source={source} onSeek={isSound ? (ms) => sound.current?.seek(ms) : undefined} />
          </>
        ) : (
          <div className="stack" style={{ gap: 10 }}>
            <div className="skeleton" style={{ height: 14 }} />
            <div className="skeleton" style={{ height: 14 }} />
            <div className="skeleton" style={{ height: 14, width: "70%" }} />
          </div>
        )}
      </div>
      <div className="source-foot">
        <PassageActions queryId={queryId} passage={passage} />
        {isMemory ? (
          <Button small onClick={() => goTo("memory")}>
            <Bookmark size={13} aria-hidden />
            {memoryStrings.passage.open}
          </Button>
        ) : (
          <Button small onClick={() => openPanel({ kind: "document", documentId: passage.documentId })}>
            <FileText size={13} aria-hidden />
            {strings.source.openDocument}
          </Button>
        )}
      </div>
    </>
  )
}
