import { formatCount } from "../../ui/format.ts"

const counted = (count: number, one: string, many: string) => `${formatCount(count)} ${count === 1 ? one : many}`
const documents = (count: number) => counted(count, "document", "documents")

export const folderStrings = {
  title: "Watched folders",
  hint: "What changes in a watched folder changes here, within seconds.",
  add: "Watch a folder",
  addText: "It is read where it lies, and kept up with. Nothing leaves this machine.",
  path: "Folder",
  pathHint: "For example /home/you/Notes or C:\\Users\\you\\Notes",
  choose: "Choose…",
  excludes: "Leave out",
  excludesHint: "One per line, as in a .gitignore: drafts/, *.log, /private",
  followsGitignore: "Leave out what .gitignore files name",
  largest: "Largest file",
  megabytes: "MB",
  watch: "Watch",
  save: "Save",
  cancel: "Cancel",
  state: {
    scanning: (done: number, total: number) =>
      total > 0 ? `Reading ${formatCount(done)} of ${formatCount(total)}` : "Looking through it",
    watching: (count: number) => `Watching · ${documents(count)}`,
    paused: (count: number) => `Paused · ${documents(count)}`,
    unreachable: (count: number) => `Not reachable · ${documents(count)} kept`,
  },
  polling: "The system reports no changes here, so it is looked at every few seconds.",
  unreachableText:
    "The drive may be off or the folder renamed. Its documents still answer; it is read again when it is back.",
  errors: (count: number) => counted(count, "file could not be read", "files could not be read"),
  skipped: (count: number) => `${counted(count, "file", "files")} of other types`,
  moreErrors: (count: number) => `and ${formatCount(count)} more`,
  pause: (name: string) => `Pause watching ${name}`,
  resume: (name: string) => `Watch ${name} again`,
  options: (name: string) => `Options of the folder ${name}`,
  check: "Check all of it now",
  rules: "What is left out…",
  rulesTitle: (name: string) => `What is read of “${name}”`,
  remove: "Stop watching…",
  removeTitle: (name: string) => `Stop watching “${name}”?`,
  removeText: (count: number) =>
    `Its ${documents(count)} can stay in the index as they are now, or leave it. The files themselves stay.`,
  keep: "Keep the documents",
  removeDocuments: "Remove the documents",
  away: "folder not reachable",
  refused: {
    title: (what: string) => `Search stays as it was: ${what} would find your pinned questions worse.`,
    text: (before: number, after: number, questions: number) =>
      `Of ${counted(questions, "pinned question", "pinned questions")}, ${Math.round(before * 100)} % find their passage among the first five now, ${Math.round(after * 100)} % would with the change.`,
    newWeights: "the new release's way of ranking",
    use: "Use it anyway",
  },
}
