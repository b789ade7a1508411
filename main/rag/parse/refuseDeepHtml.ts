import { Parser } from "htmlparser2"
import { damagedFile } from "./unpackZip.ts"

/** Pages of word processors and old mail programs reach about a hundred. */
const deepest = 400

/** The readers of HTML walk it recursively, in time that grows with the square of its depth. Throws `document.damaged`. */
export function refuseDeepHtml(html: string): void {
  let depth = 0
  const parser = new Parser({
    onopentagname() {
      if (++depth > deepest) throw damagedFile("page: it is nested too deeply")
    },
    onclosetag: () => void depth--,
  })
  parser.write(html)
}
