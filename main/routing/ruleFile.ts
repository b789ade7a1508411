import { readFile, rename, stat, writeFile } from "node:fs/promises"
import { errorInfo } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import { type Classify, createClassifier } from "./classify.ts"
import { defaultRules } from "./defaultRules.ts"
import { parseRules, type Rules } from "./rules.ts"

interface Current {
  rules: Rules
  classify: Classify
  version: number
  text: string
  isDefault: boolean
  problem: string | null
}

/** The person's rules in one file, or those of the product while there is none. */
export interface RuleFile {
  /** Reads the file again when it changed. A wrong one keeps the rules before it and says why. */
  current(): Promise<Current>
  /** Throws `config.invalid` and changes nothing when the text is wrong. */
  write(text: string): Promise<Current>
}

export function createRuleFile({
  file,
  servers,
  log,
}: {
  file: string
  servers(): readonly string[]
  log: Logger
}): RuleFile {
  const shipped = parseRules(defaultRules, null)
  let seen = ""
  let current: Current = {
    rules: shipped,
    classify: createClassifier(shipped),
    version: 1,
    text: defaultRules,
    isDefault: true,
    problem: null,
  }
  const take = (text: string, isDefault: boolean): void => {
    const rules = isDefault ? shipped : parseRules(text, servers())
    const version = current.version + 1
    current = { rules, classify: createClassifier(rules), version, text, isDefault, problem: null }
  }
  const read = async (): Promise<Current> => {
    const found = await stat(file, { bigint: true }).catch(() => null)
    const mark = found === null ? "" : `${found.mtimeNs} ${found.size} ${found.ino}`
    if (mark === seen) return current
    seen = mark
    try {
      if (found === null) take(defaultRules, true)
      else take(await readFile(file, "utf8"), false)
    } catch (error) {
      const problem = errorInfo(error).message
      log.warn("the routing rules were not taken", { problem })
      current = { ...current, problem }
    }
    return current
  }
  return {
    current: read,
    async write(text) {
      parseRules(text, servers())
      await writeFile(`${file}.new`, text, { mode: 0o600 })
      await rename(`${file}.new`, file)
      return await read()
    },
  }
}
