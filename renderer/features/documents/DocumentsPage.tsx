import {
  CloudOff,
  CloudUpload,
  EllipsisVertical,
  Files,
  FileUp,
  FolderPlus,
  FolderUp,
  Gauge,
  Globe,
  Hash,
  Pencil,
  Plus,
  Search,
  Trash2,
  Users,
} from "lucide-react"
import { type RefObject, useEffect, useRef, useState } from "react"
import { acceptedExtensions, documentKinds, kindsByGroup } from "#contract/documentKinds.ts"
import type { Collection } from "#contract/documents.ts"
import type { Job } from "#contract/jobs.ts"
import type { Sharing } from "#contract/sharing.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm, Dialog } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes, formatRemaining } from "../../ui/format.ts"
import { Menu } from "../../ui/Menu.tsx"
import { Empty } from "../../ui/Notice.tsx"
import { Progress } from "../../ui/Progress.tsx"
import { SearchField } from "../../ui/SearchField.tsx"
import { attempt } from "../frame/attempt.ts"
import { goTo, useFrame } from "../frame/frameStore.ts"
import { cancelJob, isActive, useJobs } from "../frame/jobsStore.ts"
import { useBackends } from "../models/backendsStore.ts"
import { isShared, mayShare, shareCollection, usePeople } from "../people/peopleStore.ts"
import { SharedMark } from "../people/SharedNote.tsx"
import { AudienceField, SharingDialog } from "../people/SharingDialog.tsx"
import { strings as people } from "../people/strings.ts"
import { DocumentTable } from "./DocumentTable.tsx"
import {
  addFiles,
  addPath,
  changeCollectionLeaving,
  createCollection,
  deleteCollection,
  followDocuments,
  loadCollections,
  loadDocuments,
  renameCollection,
  useDocuments,
} from "./documentsStore.ts"
import { droppedFiles, pickedFiles } from "./droppedFiles.ts"
import { PageDialog } from "./PageDialog.tsx"
import { RefusedIndex } from "./RefusedIndex.tsx"
import { strings } from "./strings.ts"
import { WatchedFolders } from "./WatchedFolders.tsx"
import "./documents.css"

export default function DocumentsPage() {
  const collectionId = useFrame((state) => state.detail)
  const collection = useDocuments((state) => state.collections.find((entry) => entry.id === collectionId) ?? null)
  const role = usePeople((state) => state.me?.role ?? "owner")
  const mayAdd = role !== "guest" && !collection?.sharedBy
  const error = useDocuments((state) => state.error)
  const [query, setQuery] = useState("")
  const [isDropping, setIsDropping] = useState(false)
  const [isAddingPage, setIsAddingPage] = useState(false)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  useEffect(() => {
    void loadCollections()
    return followDocuments()
  }, [])
  useEffect(() => {
    const timer = setTimeout(() => void loadDocuments(collectionId, query.trim()), query ? 160 : 0)
    return () => clearTimeout(timer)
  }, [collectionId, query])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has a keyboard way, the buttons "Add files" and "Add a folder"
    <div
      className="documents"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return
        event.preventDefault()
        setIsDropping(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsDropping(false)
      }}
      onDrop={(event) => {
        event.preventDefault()
        setIsDropping(false)
        if (mayAdd) void droppedFiles(event.dataTransfer).then((dropped) => addFiles(dropped, collectionId))
      }}
    >
      <Collections activeId={collectionId} />
      <section className="page" aria-label={collection?.name ?? strings.all}>
        <header className="page-header">
          <h1 className="truncate">{collection?.name ?? strings.title}</h1>
          <SearchField label={strings.search} value={query} onChange={setQuery} className="documents-search" />
          {role === "owner" ? (
            <IconButton label={strings.evaluate} onClick={() => goTo("evaluation")}>
              <Gauge size={16} />
            </IconButton>
          ) : null}
          {mayAdd && role !== "child" ? (
            <Button onClick={() => setIsAddingPage(true)}>
              <Globe size={15} aria-hidden />
              {strings.addPage}
            </Button>
          ) : null}
          {mayAdd ? (
            <>
              <Button onClick={() => void chooseFolder(collectionId, folder.current)}>
                <FolderUp size={15} aria-hidden />
                {strings.addFolder}
              </Button>
              <Button variant="primary" onClick={() => files.current?.click()}>
                <FileUp size={15} aria-hidden />
                {strings.addFiles}
              </Button>
            </>
          ) : null}
          <Picker field={files} collectionId={collectionId} />
          <Picker field={folder} collectionId={collectionId} isFolder />
        </header>
        <div className="documents-body">
          {error ? <Failure error={error} onRetry={() => void loadDocuments(collectionId, query)} /> : null}
          <RefusedIndex />
          <IngestJobs />
          {role === "owner" ? <WatchedFolders collectionId={collectionId} /> : null}
          <Listing query={query} onAdd={() => files.current?.click()} />
        </div>
      </section>
      {isDropping ? (
        <div className="documents-veil">
          <strong>{strings.drop}</strong>
          <span>{strings.dropText}</span>
          <dl className="documents-kinds">
            {kindsByGroup().map(({ group, kinds }) => (
              <div key={group}>
                <dt>{group}</dt>
                <dd>{kinds.map((kind) => documentKinds[kind].label).join(", ")}</dd>
              </div>
            ))}
          </dl>
        </div>
      ) : null}
      {isAddingPage ? <PageDialog collectionId={collectionId} onClose={() => setIsAddingPage(false)} /> : null}
    </div>
  )
}

/** In the desktop shell the system's own dialog: the core reads the folder where it is. Else the browser uploads it. */
async function chooseFolder(collectionId: string | null, field: HTMLInputElement | null): Promise<void> {
  const choose = window.zenglow?.chooseFolder
  if (!choose) return field?.click()
  for (const path of await choose()) await addPath(path, collectionId)
}

interface PickerProps {
  field: RefObject<HTMLInputElement | null>
  collectionId: string | null
  isFolder?: boolean
}

function Picker({ field, collectionId, isFolder }: PickerProps) {
  return (
    <input
      ref={(element) => {
        field.current = element
        if (element && isFolder) element.webkitdirectory = true
      }}
      type="file"
      multiple
      hidden
      accept={isFolder ? undefined : acceptedExtensions()}
      onChange={(event) => {
        void addFiles(pickedFiles(event.target.files), collectionId)
        event.target.value = ""
      }}
    />
  )
}

function Listing({ query, onAdd }: { query: string; onAdd: () => void }) {
  const documents = useDocuments((state) => state.documents)
  const isLoaded = useDocuments((state) => state.isLoaded)
  const hasFailed = useDocuments((state) => state.error !== null)
  if (!isLoaded) {
    return (
      <div className="stack" style={{ gap: 12 }}>
        {[0, 1, 2, 3].map((row) => (
          <div className="skeleton" style={{ height: 36 }} key={row} />
        ))}
      </div>
    )
  }
  if (documents.length > 0) return <DocumentTable documents={documents} />
  if (hasFailed) return null
  if (query) return <Empty icon={<Search size={20} />} title={strings.noMatchTitle} text={strings.noMatchText} />
  return (
    <Empty
      icon={<Files size={20} />}
      title={strings.emptyTitle}
      text={strings.emptyText}
      action={
        <Button variant="primary" onClick={onAdd}>
          {strings.addFiles}
        </Button>
      }
    />
  )
}

function IngestJobs() {
  const all = useJobs((state) => state.jobs)
  const jobs = Object.values(all).filter((job) => (job.kind === "ingest" || job.kind === "reindex") && isActive(job))
  if (jobs.length === 0) return null
  return (
    <section className="ingest-jobs" aria-label={strings.jobs}>
      {jobs.map((job) => (
        <div className="card ingest-job" key={job.id}>
          <div className="row">
            <strong className="truncate">{job.title}</strong>
            <span className="soft truncate grow">{job.current}</span>
            <span className="numbers soft">{strings.job(job.done, job.total)}</span>
            <span className="numbers faint ingest-speed">{speedOf(job)}</span>
            <Button small variant="quiet" aria-label={strings.stopJob} onClick={() => void cancelJob(job.id)}>
              {strings.cancel}
            </Button>
          </div>
          <Progress label={job.title} value={job.progress} />
        </div>
      ))}
    </section>
  )
}

const speedOf = (job: Job): string =>
  [
    ...(job.speed
      ? [strings.passageRate(job.speed.passagesPerSecond), strings.byteRate(formatBytes(job.speed.bytesPerSecond))]
      : []),
    ...(job.remainingMs === null ? [] : [formatRemaining(job.remainingMs)]),
  ].join(" · ")

function Collections({ activeId }: { activeId: string | null }) {
  const collections = useDocuments((state) => state.collections)
  const [editing, setEditing] = useState<Collection | "new" | null>(null)
  const [removing, setRemoving] = useState<Collection | null>(null)
  const [sharing, setSharing] = useState<Collection | null>(null)
  const canShare = usePeople((state) => isShared(state) && mayShare(state))
  const hasServers = useBackends((state) => state.items?.some((server) => server.leavesMachine) ?? false)
  return (
    <nav className="collections" aria-label={strings.collections}>
      <div className="collections-head">
        <h2>{strings.collections}</h2>
        <IconButton label={strings.newCollection} onClick={() => setEditing("new")}>
          <Plus size={16} />
        </IconButton>
      </div>
      <ul className="plain-list scroll collections-list">
        <li>
          <CollectionLink id={null} name={strings.all} isActive={activeId === null} />
        </li>
        {collections.map((collection) => (
          <li key={collection.id} className="collection-entry">
            <CollectionLink
              id={collection.id}
              name={collection.name}
              isActive={collection.id === activeId}
              count={collection.documentCount}
              isSample={collection.isSample}
              shared={collection}
            />
            {collection.sharedBy ? null : (
              <Menu
                trigger={
                  <IconButton small label={strings.options(collection.name)} className="collection-menu">
                    <EllipsisVertical size={14} />
                  </IconButton>
                }
                entries={[
                  { label: strings.rename, icon: <Pencil size={14} />, onSelect: () => setEditing(collection) },
                  ...(canShare
                    ? [{ label: people.share, icon: <Users size={14} />, onSelect: () => setSharing(collection) }]
                    : []),
                  ...(collection.mayLeave || hasServers
                    ? [
                        {
                          label: collection.mayLeave ? strings.keepHere : strings.letLeave,
                          icon: collection.mayLeave ? <CloudOff size={14} /> : <CloudUpload size={14} />,
                          onSelect: () =>
                            void attempt(() => changeCollectionLeaving(collection.id, !collection.mayLeave)),
                        },
                      ]
                    : []),
                  {
                    label: strings.deleteCollection,
                    icon: <Trash2 size={14} />,
                    isDanger: true,
                    onSelect: () => setRemoving(collection),
                  },
                ]}
              />
            )}
          </li>
        ))}
      </ul>
      {editing ? <CollectionDialog editing={editing} onClose={() => setEditing(null)} /> : null}
      {sharing ? (
        <SharingDialog
          name={sharing.name}
          sharing={sharing.sharing ?? { audience: "private", personIds: [] }}
          texts={people.collectionText}
          onClose={() => setSharing(null)}
          onSave={(next) => void shareCollection(sharing.id, next).then(() => loadCollections())}
        />
      ) : null}
      <Confirm
        isOpen={removing !== null}
        title={strings.deleteTitle(removing?.name ?? "")}
        description={strings.deleteText}
        action={strings.deleteCollection}
        cancel={strings.cancel}
        onClose={() => setRemoving(null)}
        onConfirm={() => {
          if (!removing) return
          void deleteCollection(removing.id)
          if (removing.id === activeId) goTo("documents")
        }}
      />
    </nav>
  )
}

interface CollectionLinkProps {
  id: string | null
  name: string
  isActive: boolean
  count?: number
  isSample?: boolean
  shared?: Pick<Collection, "sharing" | "sharedBy" | "mayLeave">
}

function CollectionLink({ id, name, isActive, count, isSample, shared }: CollectionLinkProps) {
  return (
    <a
      className="collection-link"
      href={id ? `#/documents/${id}` : "#/documents"}
      aria-current={isActive ? "true" : undefined}
      onClick={(event) => {
        event.preventDefault()
        goTo("documents", id)
      }}
    >
      {id ? <Hash size={14} aria-hidden /> : <Files size={14} aria-hidden />}
      <span className="truncate grow">{name}</span>
      {shared?.mayLeave ? <span className="badge warning">{strings.mayLeave}</span> : null}
      {isSample ? <span className="badge">{strings.sample}</span> : shared ? <SharedMark thing={shared} /> : null}
      {count === undefined ? null : <span className="faint numbers">{count}</span>}
    </a>
  )
}

function CollectionDialog({ editing, onClose }: { editing: Collection | "new"; onClose: () => void }) {
  const [name, setName] = useState(editing === "new" ? "" : editing.name)
  const [sharing, setSharing] = useState<Sharing>({ audience: "private", personIds: [] })
  const canShare = usePeople((state) => isShared(state) && mayShare(state)) && editing === "new"
  const save = async () => {
    onClose()
    if (editing !== "new") return renameCollection(editing.id, name.trim())
    const created = await createCollection(name.trim(), canShare ? sharing : undefined)
    if (created) goTo("documents", created.id)
  }
  return (
    <Dialog title={editing === "new" ? strings.newCollection : strings.rename} isOpen onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <label className="stack" style={{ gap: 4 }}>
          {strings.collectionName}
          <input className="field" value={name} maxLength={120} onChange={(event) => setName(event.target.value)} />
        </label>
        {canShare ? <AudienceField texts={people.collectionText} value={sharing} onChange={setSharing} /> : null}
        <div className="dialog-actions">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button variant="primary" type="submit" disabled={name.trim() === ""}>
            {editing === "new" ? <FolderPlus size={15} aria-hidden /> : null}
            {editing === "new" ? strings.create : strings.rename}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
