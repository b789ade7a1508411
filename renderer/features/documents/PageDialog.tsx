import { Globe } from "lucide-react"
import { useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { addPage } from "./documentsStore.ts"
import { strings } from "./strings.ts"

/** Asks for the address of a web page and adds it. */
export function PageDialog({ collectionId, onClose }: { collectionId: string | null; onClose: () => void }) {
  const [address, setAddress] = useState("")
  const url = completed(address)
  return (
    <Dialog title={strings.addPage} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!url) return
          onClose()
          void addPage(url, collectionId)
        }}
      >
        <label className="stack" style={{ gap: 4 }}>
          {strings.pageAddress}
          <input
            className="field"
            type="text"
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            placeholder="https://"
            value={address}
            maxLength={2000}
            onChange={(event) => setAddress(event.target.value)}
          />
        </label>
        <p className="soft" style={{ marginTop: 8 }}>
          {strings.pageText}
        </p>
        <div className="dialog-actions">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button variant="primary" type="submit" disabled={url === null}>
            <Globe size={15} aria-hidden />
            {strings.addPageShort}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** People leave the protocol out. Null: no web address yet. */
function completed(address: string): string | null {
  const text = address.trim()
  const url = /^https?:\/\//i.test(text) ? text : `https://${text}`
  return URL.canParse(url) && new URL(url).hostname.includes(".")
    ? url
    : URL.canParse(text) && /^https?:/i.test(text)
      ? text
      : null
}
