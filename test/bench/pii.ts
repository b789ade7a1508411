import { readPiiSet, scorePii } from "../fakes/piiSet.ts"

/** Precision and recall of the rules for personal data, on the committed sentences; with `--mistakes`, each one that went wrong. */
const tell = process.argv.includes("--mistakes") ? (line: string): void => console.log(line) : undefined
for (const [part, sentences] of Object.entries(readPiiSet())) {
  console.log(`\n${part}: ${sentences.length} sentences`)
  for (const { kind, expected, found, right, precision, recall } of scorePii(sentences, tell))
    console.log(
      `${kind.padEnd(12)} ${String(expected).padStart(3)} there ${String(found).padStart(3)} found ${String(right).padStart(3)} right   precision ${precision.toFixed(3)}   recall ${recall.toFixed(3)}`,
    )
}
