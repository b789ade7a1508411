import type { Role } from "#contract/people.ts"
import type { Page } from "./frameStore.ts"

/** Pages that answer only some of the household. */
const forRoles: Partial<Record<Page, readonly Role[]>> = {
  models: ["owner", "adult"],
  memory: ["owner", "adult", "child"],
  metrics: ["owner", "adult"],
  activity: ["owner"],
  people: ["owner", "adult", "child"],
  evaluation: ["owner", "adult"],
  datasets: ["owner", "adult"],
  vault: ["owner", "adult"],
}

export const isPageFor = (page: Page, role: Role): boolean => forRoles[page]?.includes(role) ?? true
