import { Readability } from "@mozilla/readability"
import { parseHTML } from "linkedom"
import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import { dateOf } from "./openXml.ts"
import { cleanText, decodeText } from "./readText.ts"
import { refuseDeepHtml } from "./refuseDeepHtml.ts"

const largestBytes = 20 * 1024 * 1024
const clutter =
  "[role=navigation], [role=banner], [role=contentinfo], [role=search], .navbox, script, style, noscript, template, nav, footer, aside, form, iframe, object, svg, [hidden], [aria-hidden=true]"

/** The readable part of a page. Falls back to the whole body where the article finder would lose text or tables. */
export function readHtml(bytes: Uint8Array): ReadDocument {
  if (bytes.byteLength > largestBytes) {
    throw new AppError("document.too-large", "The page is larger than 20 MB.", {
      remedy: "Save it as text and add that.",
    })
  }
  const html = decodeHtml(bytes)
  refuseDeepHtml(html)
  const { document } = parseHTML(html)
  const title = (document.querySelector("title")?.textContent ?? "").replace(/\s+/g, " ").trim()
  const heading = (document.querySelector("h1")?.textContent ?? "").replace(/\s+/g, " ").trim()
  const datedAt = publishedAt(document)
  for (const element of document.querySelectorAll(clutter)) element.remove()
  for (const list of document.querySelectorAll("ul, ol")) if (isMenu(list)) list.remove()
  const body = document.body as HTMLElement | null
  const whole =
    mainPart(document) ?? (body && body.textContent !== "" ? body : (document.documentElement as HTMLElement))
  const wholeHtml = whole.innerHTML
  const size = (whole.textContent ?? "").replace(/\s+/g, " ").length
  const tables = whole.querySelectorAll("table").length
  const article = findArticle(document)
  const isComplete = article !== null && article.size >= 0.5 * size && article.tables >= 0.8 * tables
  let text = cleanText(htmlToMarkdown(isComplete ? article.html : wholeHtml))
  if (isComplete && heading !== "" && !text.includes(heading)) text = `# ${heading}\n\n${text}`
  return { text, title: title || heading || null, pages: [], pageCount: null, datedAt }
}

/** What a page says about its date, the plainest statement first. */
const datePlaces: readonly [selector: string, attribute: string][] = [
  ["meta[property='article:published_time']", "content"],
  ["meta[itemprop='datePublished']", "content"],
  ["meta[name='date'], meta[name='dc.date'], meta[name='DC.date.issued']", "content"],
  ["article time[datetime], main time[datetime], time[itemprop='datePublished']", "datetime"],
]

function publishedAt(document: Document): number | null {
  for (const [selector, attribute] of datePlaces) {
    const at = dateOf(document.querySelector(selector)?.getAttribute(attribute))
    if (at !== null) return at
  }
  for (const script of document.querySelectorAll("script[type='application/ld+json']")) {
    const at = dateOf(/"datePublished"\s*:\s*"([^"]{4,40})"/.exec(script.textContent ?? "")?.[1])
    if (at !== null) return at
  }
  return null
}

/** A long list of nothing but links leads elsewhere. */
function isMenu(list: Element): boolean {
  const items = [...list.children]
  const isLink = (item: Element): boolean => item.textContent?.trim() === item.querySelector("a")?.textContent?.trim()
  return items.length >= 15 && items.every(isLink)
}

/** What the page itself calls its main part, where that is most of it. */
function mainPart(document: Document): HTMLElement | null {
  const candidates = document.querySelectorAll<HTMLElement>("main, [role=main], article")
  const only = candidates[0]
  const share = (only?.textContent ?? "").length / Math.max(1, (document.body?.textContent ?? "").length)
  return only && share >= 0.5 ? only : null
}

/** Takes the document apart: whoever needs more of it reads that before. */
function findArticle(document: Document): { html: string; size: number; tables: number } | null {
  try {
    const found = new Readability(document, { charThreshold: 200 }).parse()
    if (!found?.content) return null
    const html = found.content
    return {
      html,
      size: (found.textContent ?? "").replace(/\s+/g, " ").length,
      tables: html.match(/<table\b/gi)?.length ?? 0,
    }
  } catch {
    // The article finder expects a browser's DOM; the whole body is always right, only less tidy.
    return null
  }
}

/** A charset named in the page counts only where the bytes are not plainly UTF-8 or UTF-16. */
function decodeHtml(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 2048))
  const charset = /<meta[^>]+charset\s*=\s*["']?\s*([\w-]{1,40})/i.exec(head)?.[1]
  return decodeText(bytes, charset)
}
