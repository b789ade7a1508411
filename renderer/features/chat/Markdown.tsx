import { Check, Copy } from "lucide-react"
import {
  type ComponentProps,
  createContext,
  memo,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react"
import ReactMarkdown, { type Components } from "react-markdown"
import rehypeSanitize, { defaultSchema } from "rehype-sanitize"
import remarkGfm from "remark-gfm"
import type { CitedSpan, Passage } from "#contract/turns.ts"
import { IconButton } from "../../ui/Button.tsx"
import { Citation } from "./Citation.tsx"
import { placeSpans } from "./placeSpans.ts"
import { splitBlocks } from "./splitBlocks.ts"
import { strings } from "./strings.ts"

type Plugins = NonNullable<ComponentProps<typeof ReactMarkdown>["rehypePlugins"]>

/** No images, frames, forms or styles: nothing in an answer may load or run anything. */
const schema = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((tag) => !["img", "picture", "source", "input"].includes(tag)),
  protocols: { ...defaultSchema.protocols, href: ["http", "https", "mailto"] },
}

const PassagesContext = createContext<readonly Passage[]>([])
const noSpans: readonly CitedSpan[] = []

interface MarkdownProps {
  text: string
  spans?: readonly CitedSpan[]
  passages?: readonly Passage[]
  /** The sentence being heard. */
  lit?: { start: number; end: number } | null
  isStreaming?: boolean
}

/** An answer's Markdown: sanitised, with citation numerals. Finished blocks are not parsed again while it streams. */
export function Markdown({ text, spans = noSpans, passages, lit = null, isStreaming = false }: MarkdownProps) {
  const blocks = useMemo(() => splitBlocks(text), [text])
  const highlight = useHighlighter(!isStreaming && text.includes("```"))
  return (
    <PassagesContext.Provider value={passages ?? []}>
      <div className={`prose ${isStreaming ? "streaming" : ""}`}>
        {blocks.map((block) => {
          const end = block.start + block.text.length
          const isTouched = (range: { start: number; end: number }) => range.start < end && range.end > block.start
          const own = spans.length === 0 ? noSpans : spans.filter(isTouched)
          return (
            <MarkdownBlock
              key={block.start}
              text={block.text}
              offset={block.start}
              spans={own.length === 0 ? noSpans : own}
              litStart={lit && isTouched(lit) ? lit.start : -1}
              litEnd={lit && isTouched(lit) ? lit.end : -1}
              highlight={highlight}
            />
          )
        })}
      </div>
    </PassagesContext.Provider>
  )
}

interface BlockProps {
  text: string
  offset: number
  spans: readonly CitedSpan[]
  litStart: number
  litEnd: number
  highlight: Plugins[number] | null
}

const MarkdownBlock = memo(
  function MarkdownBlock({ text, offset, spans, litStart, litEnd, highlight }: BlockProps) {
    const lit = litStart < 0 ? null : { start: litStart, end: litEnd }
    const plugins: Plugins = [[rehypeSanitize, schema]]
    if (spans.length > 0 || lit) plugins.push([placeSpans, { spans, offset, lit }])
    if (highlight) plugins.push(highlight)
    return (
      <ReactMarkdown remarkPlugins={[remarkGfm, htmlAsText]} rehypePlugins={plugins} components={components}>
        {text}
      </ReactMarkdown>
    )
  },
  (before, after) =>
    before.text === after.text &&
    before.offset === after.offset &&
    before.litStart === after.litStart &&
    before.litEnd === after.litEnd &&
    before.highlight === after.highlight &&
    before.spans.length === after.spans.length &&
    before.spans.every((span, index) => span === after.spans[index]),
)

interface MarkdownNode {
  type: string
  value?: string
  children?: MarkdownNode[]
}

/** Tags that a model or a document wrote are shown as the letters they are. */
function htmlAsText() {
  const visit = (node: MarkdownNode): void => {
    if (node.type === "html") node.type = "text"
    for (const child of node.children ?? []) visit(child)
  }
  return visit
}

/** Loads code colours only once an answer holds code. */
function useHighlighter(isNeeded: boolean): Plugins[number] | null {
  const [plugin, setPlugin] = useState<{ run: Plugins[number] } | null>(null)
  useEffect(() => {
    if (!isNeeded) return
    let isGone = false
    void import("./highlight.ts").then(({ highlight }) => {
      if (!isGone) setPlugin({ run: highlight })
    })
    return () => {
      isGone = true
    }
  }, [isNeeded])
  return isNeeded ? (plugin?.run ?? null) : null
}

function CodeBlock({ children }: { children?: ReactNode }) {
  const block = useRef<HTMLPreElement>(null)
  const [isCopied, setIsCopied] = useState(false)
  const copy = () => {
    void navigator.clipboard.writeText(block.current?.textContent ?? "").then(() => {
      setIsCopied(true)
      setTimeout(() => setIsCopied(false), 1500)
    })
  }
  return (
    <div className="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code wider than the column scrolls, also by keyboard */}
      <pre ref={block} className="scroll" tabIndex={0}>
        {children}
      </pre>
      <IconButton small label={isCopied ? strings.copied : strings.copyCode} onClick={copy} className="code-copy">
        {isCopied ? <Check size={14} /> : <Copy size={14} />}
      </IconButton>
    </div>
  )
}

function Link({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  if (!href) return <span>{children}</span>
  if (href.startsWith("#")) return <a href={href}>{children}</a>
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  )
}

function CitationGroup(props: { "data-numbers"?: string }) {
  const passages = useContext(PassagesContext)
  const numbers = (props["data-numbers"] ?? "").split(",").map(Number)
  return (
    <span className="citation-group">
      {numbers.map((n) => (
        <Citation key={n} n={n} passages={passages} />
      ))}
    </span>
  )
}

function Unsupported({ children, ...props }: { children?: ReactNode; "data-reason"?: string }) {
  const reason = props["data-reason"]
  return (
    <span className="unsupported" title={reason ? strings.unsupported(reason) : strings.unsupportedPlain}>
      {children}
    </span>
  )
}

// The pipeline adds elements of its own; the renderer's map of components knows HTML names only.
const components = {
  pre: ({ children }: { children?: ReactNode }) => <CodeBlock>{children}</CodeBlock>,
  a: Link,
  table: ({ children }: { children?: ReactNode }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, also by keyboard
    <div className="table-scroll scroll" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  "zg-cite": CitationGroup,
  "zg-unsupported": Unsupported,
  "zg-lit": ({ children }: { children?: ReactNode }) => <span className="lit">{children}</span>,
} as Components
