/**
 * Every kind of file that is read: one table for the reader, the file picker, the drop overlay, the command line and the manual.
 * Plain data without zod, so that the window can show it.
 */

/** What a table's row says about one kind. */
export interface DocumentKindInfo {
  /** As people call it. */
  label: string
  /** How it is grouped where all kinds are listed. */
  group: "Text" | "Office" | "Tables and data" | "Books and web" | "Mail" | "Sound and subtitles" | "Code" | "Pictures"
  /** Extensions in lower case, without the dot. The first is the usual one. */
  extensions: readonly string[]
  /** Whole file names in lower case that count without an extension. */
  names?: readonly string[]
  /** What a page of it is called. Absent: it has none. */
  page?: "page" | "slide"
}

export const documentKinds = {
  txt: {
    label: "Plain text",
    group: "Text",
    extensions: ["txt", "text", "log"],
    names: ["readme", "license", "notice"],
  },
  md: { label: "Markdown", group: "Text", extensions: ["md", "markdown", "mdx"] },
  rtf: { label: "Rich text", group: "Text", extensions: ["rtf"] },
  pdf: { label: "PDF", group: "Office", extensions: ["pdf"], page: "page" },
  docx: { label: "Word", group: "Office", extensions: ["docx", "docm"] },
  odt: { label: "OpenDocument text", group: "Office", extensions: ["odt"] },
  pptx: { label: "PowerPoint", group: "Office", extensions: ["pptx", "pptm"], page: "slide" },
  xlsx: { label: "Excel", group: "Tables and data", extensions: ["xlsx", "xlsm"] },
  csv: { label: "CSV", group: "Tables and data", extensions: ["csv", "tsv", "tab"] },
  json: { label: "JSON", group: "Tables and data", extensions: ["json", "jsonl", "ndjson"] },
  xml: { label: "XML and feeds", group: "Tables and data", extensions: ["xml", "rss", "atom"] },
  ipynb: { label: "Jupyter notebook", group: "Tables and data", extensions: ["ipynb"] },
  html: { label: "Web page", group: "Books and web", extensions: ["html", "htm", "xhtml"] },
  epub: { label: "EPUB book", group: "Books and web", extensions: ["epub"] },
  eml: { label: "E-mail", group: "Mail", extensions: ["eml"] },
  mbox: { label: "Mailbox", group: "Mail", extensions: ["mbox"] },
  msg: { label: "Outlook message", group: "Mail", extensions: ["msg"] },
  audio: {
    label: "Sound",
    group: "Sound and subtitles",
    extensions: ["mp3", "wav", "flac", "ogg", "oga", "opus", "m4a", "aac", "webm"],
  },
  subtitles: { label: "Subtitles", group: "Sound and subtitles", extensions: ["srt", "vtt"] },
  code: {
    label: "Source code",
    group: "Code",
    extensions: [
      ...[
        "ts",
        "tsx",
        "mts",
        "cts",
        "js",
        "jsx",
        "mjs",
        "cjs",
        "py",
        "pyi",
        "rb",
        "go",
        "rs",
        "java",
        "kt",
        "kts",
        "scala",
      ],
      ...[
        "swift",
        "c",
        "h",
        "cc",
        "cpp",
        "cxx",
        "hpp",
        "hh",
        "cs",
        "php",
        "pl",
        "lua",
        "r",
        "jl",
        "dart",
        "ex",
        "exs",
        "hs",
      ],
      ...["sh", "bash", "zsh", "ps1", "sql", "css", "scss", "vue", "svelte", "proto", "graphql", "tf", "gradle"],
      ...["yaml", "yml", "toml", "ini", "cfg", "conf", "properties"],
    ],
    names: ["makefile", "dockerfile", "jenkinsfile", "gemfile", "rakefile"],
  },
  image: {
    label: "Picture",
    group: "Pictures",
    extensions: ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif"],
  },
} as const satisfies Record<string, DocumentKindInfo>

export type ReadableKind = keyof typeof documentKinds

export const readableKinds = Object.keys(documentKinds) as ReadableKind[]

/** All groups in order, each with its kinds. */
export function kindsByGroup(): { group: DocumentKindInfo["group"]; kinds: ReadableKind[] }[] {
  const groups = new Map<DocumentKindInfo["group"], ReadableKind[]>()
  for (const kind of readableKinds) {
    const { group } = documentKinds[kind]
    groups.set(group, [...(groups.get(group) ?? []), kind])
  }
  return [...groups].map(([group, kinds]) => ({ group, kinds }))
}

const byExtension = new Map<string, ReadableKind>()
const byName = new Map<string, ReadableKind>()
for (const kind of readableKinds) {
  const { extensions, names = [] }: DocumentKindInfo = documentKinds[kind]
  for (const extension of extensions) byExtension.set(extension, kind)
  for (const name of names) byName.set(name, kind)
}

/** What a file calls itself by its name. Null: not one of ours. */
export function kindOfName(fileName: string): ReadableKind | null {
  const name = (/[^/\\]*$/.exec(fileName)?.[0] ?? "").toLowerCase()
  const extension = /\.([^.]+)$/.exec(name)?.[1]
  return byName.get(name) ?? (extension === undefined ? null : (byExtension.get(extension) ?? null))
}

/** For a file picker's `accept`. */
export const acceptedExtensions = (): string =>
  readableKinds.flatMap((kind) => documentKinds[kind].extensions.map((extension) => `.${extension}`)).join(",")

/** One line of all kinds, for messages: `txt, md, rtf, pdf, …`. */
export const acceptedKinds = (): string =>
  readableKinds
    .map((kind) =>
      kind === "code"
        ? "source code"
        : kind === "audio"
          ? "mp3, wav, flac, ogg"
          : kind === "image"
            ? "png, jpg, webp"
            : documentKinds[kind].extensions[0],
    )
    .join(", ")
