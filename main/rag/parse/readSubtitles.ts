import type { ReadDocument } from "./contract.ts"
import { layoutSpeech, type SpokenPiece } from "./layoutSpeech.ts"
import { cleanText, decodeText } from "./readText.ts"
import { damagedFile } from "./unpackZip.ts"

const timeLine =
  /^\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})/

/** What is said and when (SubRip, WebVTT). Speakers stand before their words; styles and numbers are left out. */
export function readSubtitles(bytes: Uint8Array): ReadDocument {
  const lines = cleanText(decodeText(bytes)).split("\n")
  const pieces: SpokenPiece[] = []
  for (let index = 0; index < lines.length; index++) {
    const time = timeLine.exec((lines[index] as string).slice(0, 200))
    if (!time) continue
    const said: string[] = []
    while (index + 1 < lines.length && (lines[index + 1] as string).trim() !== "") said.push(lines[++index] as string)
    pieces.push({
      startMs: milliseconds(time.slice(1, 5)),
      endMs: milliseconds(time.slice(5, 9)),
      text: plain(said.join(" ")),
    })
  }
  const { text, times } = layoutSpeech(pieces)
  if (times.length === 0) throw damagedFile("subtitle file")
  return { text, title: null, pages: [], pageCount: null, times }
}

const milliseconds = ([hours, minutes, seconds, fraction = ""]: (string | undefined)[]): number =>
  ((Number(hours ?? 0) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, "0"))

const plain = (text: string): string =>
  text
    .replace(/<v(?:\.[\w.-]+)?\s+([^>]{1,100})>/g, "$1: ")
    .replace(/<[^>]{0,200}>|\{\\[^}]{0,100}\}/g, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&(?:nbsp|lrm|rlm);/g, " ")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ")
    .trim()
