import type { ErasureProof } from "#contract/pii.ts"

/** What was looked for after something was erased, and where it is left. */
export function proofText({ searched, filesRead, residue, backups }: ErasureProof): string {
  const left =
    residue.length === 0
      ? `Looked for ${searched} pieces of it in ${filesRead} files: nothing is left.`
      : `Something is left in: ${residue.join(", ")}.`
  const kept =
    backups.length === 0
      ? ""
      : `\nBackups made before still hold it until they are deleted: ${backups.map(({ name }) => name).join(", ")}.`
  return `${left}${kept}`
}
