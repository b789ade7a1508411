import { Bookmark, BookmarkCheck } from "lucide-react"
import { Button } from "../../ui/Button.tsx"
import { goTo, toast } from "../frame/frameStore.ts"
import { addMemory, dropNote, forgetMemory, noteMemory, useMemory } from "./memoryStore.ts"
import { strings } from "./strings.ts"
import "./memory.css"

/** Under an answer: what was kept, with a way back, or what could be kept, with a question. */
export function MemoryNote({ messageId, conversationId }: { messageId: string | null; conversationId: string }) {
  const note = useMemory((state) => (messageId === null ? undefined : state.notes[messageId]))
  if (!note || messageId === null || note.action === "refused") return null
  if (note.action === "proposed") {
    return (
      <section className="memory-note proposed" aria-label={strings.note.proposed}>
        <Bookmark size={14} aria-hidden />
        <span className="memory-note-text">
          {strings.note.proposed} <span className="soft">“{note.text}”</span>
        </span>
        <Button
          small
          onClick={() =>
            void addMemory(note.text, { conversationId, messageId }).then((added) => {
              if (added) noteMemory(messageId, { action: "stored", memoryId: added.id, text: added.text })
            })
          }
        >
          {strings.note.accept}
        </Button>
        <Button small variant="quiet" onClick={() => dropNote(messageId)}>
          {strings.note.decline}
        </Button>
      </section>
    )
  }
  const { memoryId } = note
  return (
    <section className="memory-note" aria-label={strings.note[note.action]}>
      <BookmarkCheck size={14} aria-hidden />
      <span className="memory-note-text">{strings.note[note.action]}</span>
      {note.action === "stored" && memoryId !== null ? (
        <Button
          small
          variant="quiet"
          onClick={() =>
            void forgetMemory(memoryId).then((done) => {
              if (!done) return
              dropNote(messageId)
              toast(strings.note.undone)
            })
          }
        >
          {strings.note.undo}
        </Button>
      ) : null}
      <Button small variant="quiet" onClick={() => goTo("memory")}>
        {strings.note.open}
      </Button>
    </section>
  )
}
