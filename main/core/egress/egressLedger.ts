import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { type EgressEntry, egressEntry } from "#contract/egress.ts"

export interface EgressLedger {
  /** On disk when it returns. Throws what the disk says. */
  write(entry: EgressEntry): void
  /** Newest first. */
  entries(): EgressEntry[]
}

/** The file is written anew once it holds this many lines for each entry that is kept. */
const slack = 4

/**
 * A file of JSON lines beside the database: a restored backup does not take back what left since. A later line with the same id takes the
 * place of the earlier one. Lines that a power cut tore are left out; what was open then is `interrupted`.
 */
export function openEgressLedger(file: string, kept = 5000): EgressLedger {
  const entries = new Map<string, EgressEntry>()
  let lines = 0
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    const entry = parse(line)
    if (!entry) continue
    lines++
    entries.set(entry.id, entry)
  }
  for (const [id, entry] of entries) if (entry.outcome === "open") entries.set(id, { ...entry, outcome: "interrupted" })
  mkdirSync(dirname(file), { recursive: true })

  return {
    write(entry) {
      entries.set(entry.id, entry)
      for (const id of entries.keys()) {
        if (entries.size <= kept) break
        entries.delete(id)
      }
      if (lines >= kept * slack) {
        // The whole file or the old one: never half of it.
        writeFileSync(`${file}.new`, [...entries.values()].map(lineOf).join(""), { mode: 0o600 })
        renameSync(`${file}.new`, file)
        lines = entries.size
        return
      }
      appendFileSync(file, lineOf(entry), { mode: 0o600 })
      lines++
    },
    entries: () => [...entries.values()].reverse(),
  }
}

const lineOf = (entry: EgressEntry): string => `${JSON.stringify(entry)}\n`

function parse(line: string): EgressEntry | null {
  try {
    const parsed = egressEntry.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
