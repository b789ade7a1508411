import { EllipsisVertical, FolderSync, ListX, Pause, Play, RefreshCw, Trash2 } from "lucide-react"
import { useEffect, useState } from "react"
import type { Folder } from "#contract/folders.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Menu } from "../../ui/Menu.tsx"
import { Progress } from "../../ui/Progress.tsx"
import { FolderDialog } from "./FolderDialog.tsx"
import { folderStrings as strings } from "./folderStrings.ts"
import { changeFolder, followFolders, loadFolders, removeFolder, rescanFolder, useFolders } from "./foldersStore.ts"
import "./folders.css"

/** The folders of this collection that are kept up with, or of all. */
export function WatchedFolders({ collectionId }: { collectionId: string | null }) {
  const all = useFolders((state) => state.folders)
  const [editing, setEditing] = useState<Folder | "new" | null>(null)
  const [removing, setRemoving] = useState<Folder | null>(null)
  useEffect(() => {
    void loadFolders()
    return followFolders()
  }, [])
  const folders = collectionId === null ? all : all.filter((folder) => folder.collectionId === collectionId)
  return (
    <section className="folders" aria-label={strings.title}>
      <div className="folders-head">
        <span className="soft">{folders.length > 0 ? strings.title : strings.hint}</span>
        <Button small variant="quiet" onClick={() => setEditing("new")}>
          <FolderSync size={14} aria-hidden />
          {strings.add}
        </Button>
      </div>
      {folders.length > 0 ? (
        <ul className="plain-list folders-list">
          {folders.map((folder) => (
            <li key={folder.id}>
              <FolderRow folder={folder} onEdit={() => setEditing(folder)} onRemove={() => setRemoving(folder)} />
            </li>
          ))}
        </ul>
      ) : null}
      {editing ? <FolderDialog editing={editing} collectionId={collectionId} onClose={() => setEditing(null)} /> : null}
      {removing ? <RemoveDialog folder={removing} onClose={() => setRemoving(null)} /> : null}
    </section>
  )
}

interface FolderRowProps {
  folder: Folder
  onEdit: () => void
  onRemove: () => void
}

function FolderRow({ folder, onEdit, onRemove }: FolderRowProps) {
  const isPaused = folder.state === "paused"
  return (
    <div className={`folder ${folder.state}`}>
      <div className="folder-line">
        <i className="folder-dot" aria-hidden />
        <span className="folder-names">
          <strong className="truncate">{folder.name}</strong>
          <span className="faint truncate" title={folder.path}>
            {folder.path}
          </span>
        </span>
        <span className="folder-state soft numbers">{stateOf(folder)}</span>
        <IconButton
          small
          label={isPaused ? strings.resume(folder.name) : strings.pause(folder.name)}
          onClick={() => void changeFolder(folder.id, { isPaused: !isPaused })}
        >
          {isPaused ? <Play size={14} /> : <Pause size={14} />}
        </IconButton>
        <Menu
          trigger={
            <IconButton small label={strings.options(folder.name)}>
              <EllipsisVertical size={14} />
            </IconButton>
          }
          entries={[
            {
              label: strings.check,
              icon: <RefreshCw size={14} />,
              isDisabled: isPaused,
              onSelect: () => void rescanFolder(folder.id),
            },
            { label: strings.rules, icon: <ListX size={14} />, onSelect: onEdit },
            { label: strings.remove, icon: <Trash2 size={14} />, isDanger: true, onSelect: onRemove },
          ]}
        />
      </div>
      {folder.state === "scanning" ? (
        <Progress label={stateOf(folder)} value={folder.total > 0 ? folder.done / folder.total : null} />
      ) : null}
      {folder.state === "unreachable" ? <p className="folder-note soft">{strings.unreachableText}</p> : null}
      {folder.mode === "polling" && folder.state === "watching" ? (
        <p className="folder-note soft">{strings.polling}</p>
      ) : null}
      {folder.errorCount > 0 ? (
        <details className="folder-note">
          <summary>{strings.errors(folder.errorCount)}</summary>
          <ul className="plain-list">
            {folder.errors.map((error) => (
              <li key={error.path}>
                <strong>{error.path}</strong> {error.message} <span className="soft">{error.remedy}</span>
              </li>
            ))}
            {folder.errorCount > folder.errors.length ? (
              <li className="soft">{strings.moreErrors(folder.errorCount - folder.errors.length)}</li>
            ) : null}
          </ul>
        </details>
      ) : null}
    </div>
  )
}

function stateOf(folder: Folder): string {
  switch (folder.state) {
    case "scanning":
      return strings.state.scanning(folder.done, folder.total)
    case "watching":
      return [
        strings.state.watching(folder.documentCount),
        ...(folder.skippedCount > 0 ? [strings.skipped(folder.skippedCount)] : []),
      ].join(" · ")
    case "paused":
      return strings.state.paused(folder.documentCount)
    case "unreachable":
      return strings.state.unreachable(folder.documentCount)
  }
}

function RemoveDialog({ folder, onClose }: { folder: Folder; onClose: () => void }) {
  const remove = (documents: "keep" | "remove") => {
    void removeFolder(folder.id, documents)
    onClose()
  }
  return (
    <Dialog
      title={strings.removeTitle(folder.name)}
      description={strings.removeText(folder.documentCount)}
      isOpen
      onClose={onClose}
    >
      <div className="dialog-actions">
        <Button onClick={onClose}>{strings.cancel}</Button>
        <Button variant="danger" onClick={() => remove("remove")}>
          {strings.removeDocuments}
        </Button>
        <Button variant="primary" onClick={() => remove("keep")}>
          {strings.keep}
        </Button>
      </div>
    </Dialog>
  )
}
