import { readFileSync } from "node:fs"

export interface LabelledRequest {
  label: string
  text: string
}

/** What people ask, each with the kind of request it is, in the order of the file. */
export function readRequests(): LabelledRequest[] {
  const file = new URL("../../fixtures/routingRequests.tsv", import.meta.url)
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [label = "", text = ""] = line.split("\t")
      return { label, text }
    })
}
