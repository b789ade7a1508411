import { CloudUpload } from "lucide-react"
import { isDown, usePickedServer } from "./chatModel.ts"
import { useChat } from "./chatStore.ts"
import { strings } from "./strings.ts"

/** Says before anything is sent that this chat is answered elsewhere, or that the server picked for it does not answer. */
export function ServerChip({ chatKey }: { chatKey: string }) {
  const picked = usePickedServer(chatKey)
  if (!picked) return null
  const { name, modelId, server } = picked
  const text =
    server === null
      ? strings.serverGone(name)
      : isDown(server)
        ? strings.serverAway(name)
        : server.leavesMachine
          ? strings.goesTo(modelId, name)
          : strings.answersHere(modelId, name)
  return (
    <button
      type="button"
      className={`persona-chip server-chip ${server?.leavesMachine === false && !isDown(server) ? "" : "warning"}`}
      title={text}
      onClick={() => useChat.setState({ isCarouselOpen: true })}
    >
      <CloudUpload size={12} aria-hidden />
      <span className="truncate">{text}</span>
    </button>
  )
}
