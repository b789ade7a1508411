import type { DoctorDeps } from "./doctorDeps.ts"
import { error, ok, type Result, warning } from "./findings.ts"

/** The database, the search index and the audit log in it. */
export async function checkDatabase(deps: DoctorDeps): Promise<Result> {
  const { integrity, isWritable, problems, schemaVersion, counts } = await deps.store.check("full")
  if (integrity === "damaged") {
    return error(
      problems.join(" "),
      "Restart ZenGlow: it sets the damaged database aside and restores the newest backup.",
    )
  }
  if (!isWritable)
    return error("The database cannot be written.", "Free disk space and check the directory's permissions.")
  if (problems.length > 0)
    return warning(problems.join(" "), "Look at what was set aside, and restore what is missing.")
  return ok(`Sound; schema ${schemaVersion}, ${counts.messages} messages, ${counts.documents} documents.`)
}

export async function checkIndex(deps: DoctorDeps): Promise<Result> {
  const problems = await deps.indexProblems()
  return problems.length === 0
    ? ok("Words, vectors and passages belong together.")
    : warning(
        problems.join(" "),
        "Restart ZenGlow: it repairs the index by itself, and words go on answering meanwhile.",
      )
}

export async function checkAudit(deps: DoctorDeps): Promise<Result> {
  const { isIntact, entries, brokenAt, problem } = await deps.auditChain()
  return isIntact
    ? ok(`${entries} lines, as they were written.`)
    : error(
        `The audit log was tampered with: line ${brokenAt} is ${problem}.`,
        "Find out who could write to the data directory, and restore a backup from before.",
      )
}
