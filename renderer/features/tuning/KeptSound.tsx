import { Trash2 } from "lucide-react"
import { IconButton } from "../../ui/Button.tsx"
import { Switch } from "../../ui/Switch.tsx"
import { useFileAddress } from "../documents/useFileAddress.ts"
import { toastFailure } from "../frame/attempt.ts"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { strings } from "./strings.ts"
import { deleteSound, loadTuning } from "./tuningStore.ts"

/** Whether what is said is kept as sound; switched off, what there is goes. */
export function KeepSound() {
  const isOn = useSettings((state) => state.values.keepTurnSound === true)
  const change = (next: boolean) => void changeSettings({ keepTurnSound: next }).then(loadTuning).catch(toastFailure)
  return (
    <div className="row">
      <div className="grow">
        {strings.keep}
        <p className="soft">{strings.keepHint}</p>
      </div>
      <Switch label={strings.keep} isOn={isOn} onChange={change} />
    </div>
  )
}

/** What was heard of one question. */
export function KeptSound({ messageId }: { messageId: string }) {
  const { address, hasFailed } = useFileAddress("GET /api/voice/sounds/:id", messageId)
  return (
    <div className="row">
      {hasFailed ? (
        <p className="soft grow">{strings.noSound}</p>
      ) : (
        // biome-ignore lint/a11y/useMediaCaption: the question above is its caption
        <audio className="grow" controls preload="metadata" src={address ?? undefined} aria-label={strings.sound} />
      )}
      <IconButton small label={strings.deleteSound} onClick={() => void deleteSound(messageId).catch(toastFailure)}>
        <Trash2 size={14} />
      </IconButton>
    </div>
  )
}
