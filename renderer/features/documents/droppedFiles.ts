/** A file of the person, with its path below what was dropped. */
export interface DroppedFile {
  file: File
  path: string
}

/** Files and the files inside dropped folders, in no promised order. System files are left out. */
export async function droppedFiles(data: DataTransfer): Promise<DroppedFile[]> {
  // Entries are only reachable while the event is being handled: take them all before the first wait.
  const entries = [...data.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const found: DroppedFile[] = []
  for (const { entry, file } of entries) {
    if (entry) await walk(entry, found)
    else if (file) found.push({ file, path: file.name })
  }
  return found.filter(({ path }) => !isSystemFile(path))
}

/** Files from a file or folder picker. */
export const pickedFiles = (list: FileList | null): DroppedFile[] =>
  [...(list ?? [])]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => !isSystemFile(path))

// Chromium has these classes under other names: only the properties say what an entry is.
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

async function walk(entry: FileSystemEntry, found: DroppedFile[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    found.push({ file, path: entry.fullPath.replace(/^\//, "") })
  } else if (isDirectory(entry)) {
    const reader = entry.createReader()
    for (;;) {
      // A reader hands out about a hundred entries at a time, and an empty list at the end.
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
      if (batch.length === 0) break
      for (const child of batch) await walk(child, found)
    }
  }
}

const isSystemFile = (path: string): boolean =>
  path
    .split("/")
    .some((part) => part.startsWith(".") || part === "Thumbs.db" || part === "desktop.ini" || part === "__MACOSX")
