export interface Block {
  text: string
  /** Where the block starts in the whole text, in characters. */
  start: number
}

/**
 * Cuts Markdown at blank lines outside fences, lists and tables, so that a streamed token re-parses one block and not
 * the whole answer. Every character belongs to exactly one block.
 */
export function splitBlocks(markdown: string): Block[] {
  const blocks: Block[] = []
  let start = 0
  let position = 0
  let fence: string | null = null
  let isBlank = false
  let isList = false
  for (const line of markdown.split(/(?<=\n)/)) {
    const marker = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    const isContinued = isList && (/^\s+\S/.test(line) || isItem(line))
    if (fence === null && isBlank && line.trim() !== "" && !isContinued) {
      blocks.push({ text: markdown.slice(start, position), start })
      start = position
      isList = false
    }
    if (fence === null && isItem(line)) isList = true
    if (marker) {
      if (fence === null) fence = marker
      else if (marker[0] === fence[0] && marker.length >= fence.length) fence = null
    }
    isBlank = fence === null && line.trim() === ""
    position += line.length
  }
  if (position > start) blocks.push({ text: markdown.slice(start), start })
  return blocks
}

const isItem = (line: string): boolean => /^ {0,3}([-*+]|\d{1,9}[.)])\s/.test(line)
