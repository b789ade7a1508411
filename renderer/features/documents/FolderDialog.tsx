import { FolderOpen } from "lucide-react"
import { useState } from "react"
import type { Folder } from "#contract/folders.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Switch } from "../../ui/Switch.tsx"
import { goTo } from "../frame/frameStore.ts"
import { folderStrings as strings } from "./folderStrings.ts"
import { addFolder, changeFolder, type FolderRules } from "./foldersStore.ts"

const megabyte = 1024 * 1024
const largestMegabytes = 200

interface FolderDialogProps {
  editing: Folder | "new"
  collectionId: string | null
  onClose: () => void
}

/** Which folder, and what of it is left out. */
export function FolderDialog({ editing, collectionId, onClose }: FolderDialogProps) {
  const known = editing === "new" ? null : editing
  const [path, setPath] = useState(known?.path ?? "")
  const [excludes, setExcludes] = useState(known?.excludes.join("\n") ?? "")
  const [followsGitignore, setFollowsGitignore] = useState(known?.followsGitignore ?? true)
  const [megabytes, setMegabytes] = useState(
    String(Math.round((known?.maxFileBytes ?? largestMegabytes * megabyte) / megabyte)),
  )
  const [isBusy, setIsBusy] = useState(false)
  const choose = window.zenglow?.chooseFolder
  const save = async () => {
    setIsBusy(true)
    const rules: FolderRules = {
      excludes: excludes
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
      followsGitignore,
      maxFileBytes: Math.min(largestMegabytes, Math.max(1, Number(megabytes) || largestMegabytes)) * megabyte,
    }
    const saved = known ? await changeFolder(known.id, rules) : await addFolder(path.trim(), collectionId, rules)
    setIsBusy(false)
    if (!saved) return
    onClose()
    if (!known) goTo("documents", saved.collectionId)
  }
  return (
    <Dialog
      title={known ? strings.rulesTitle(known.name) : strings.add}
      {...(known ? {} : { description: strings.addText })}
      className="folder-dialog"
      isOpen
      onClose={onClose}
    >
      <form
        className="stack"
        style={{ gap: 16 }}
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {known ? null : (
          <label className="stack" style={{ gap: 4 }}>
            {strings.path}
            <span className="row">
              <input
                className="field grow"
                value={path}
                maxLength={4096}
                placeholder={strings.pathHint}
                spellCheck={false}
                onChange={(event) => setPath(event.target.value)}
              />
              {choose ? (
                <Button onClick={() => void choose().then(([chosen]) => (chosen ? setPath(chosen) : undefined))}>
                  <FolderOpen size={15} aria-hidden />
                  {strings.choose}
                </Button>
              ) : null}
            </span>
          </label>
        )}
        <label className="stack" style={{ gap: 4 }}>
          {strings.excludes}
          <textarea
            className="field folder-excludes"
            rows={4}
            value={excludes}
            placeholder={strings.excludesHint}
            spellCheck={false}
            onChange={(event) => setExcludes(event.target.value)}
          />
        </label>
        <div className="row folder-rule">
          <span className="grow">{strings.followsGitignore}</span>
          <Switch label={strings.followsGitignore} isOn={followsGitignore} onChange={setFollowsGitignore} />
        </div>
        <label className="row folder-rule">
          <span className="grow">{strings.largest}</span>
          <input
            className="field numbers folder-size"
            type="number"
            min={1}
            max={largestMegabytes}
            value={megabytes}
            onChange={(event) => setMegabytes(event.target.value)}
          />
          <span className="soft">{strings.megabytes}</span>
        </label>
        <div className="dialog-actions">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button variant="primary" type="submit" disabled={isBusy || path.trim() === ""}>
            {known ? strings.save : strings.watch}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
