import { expect, it } from "vitest"
import type { Role } from "#contract/people.ts"
import { roles } from "#core/access.ts"
import type { Actor } from "#core/actor.ts"
import { gateRoles, needs } from "#store/gateRoles.ts"
import { repositoryMethods } from "#store/sqlite/repositoryMethods.ts"
import type { Store } from "#store/types.ts"

/** What each role may do, written once more: the table of docs/security.md. */
const able: Record<string, readonly Role[]> = {
  keeps: ["owner", "adult", "child"],
  remembers: ["owner", "adult", "child"],
  collects: ["owner", "adult", "child"],
  shares: ["owner", "adult"],
  manages: ["owner"],
}

/** Every method answers "done". */
const open = Object.fromEntries(
  Object.entries(repositoryMethods).map(([name, methods]) => [
    name,
    Object.fromEntries(Object.keys(methods).map((method) => [method, async () => "done"])),
  ]),
) as unknown as Store

it("has a need for every method of every repository", () => {
  const names = (table: object) =>
    Object.entries(table).flatMap(([name, methods]) => Object.keys(methods).map((method) => `${name}.${method}`))
  expect(names(needs).toSorted()).toEqual(names(repositoryMethods).toSorted())
})

it.each(["owner", "adult", "child", "guest", undefined] as const)(
  "holds every call of somebody who is %s against what they may do",
  async (role) => {
    const gated = gateRoles(open) as unknown as Record<string, Record<string, (actor: Actor) => Promise<unknown>>>
    const actor: Actor = { personId: "somebody", scopes: [], ...(role ? { role } : {}) }
    const wrong: string[] = []
    for (const [name, methods] of Object.entries(needs)) {
      for (const [method, need] of Object.entries(methods)) {
        const isFree = need === "read" || need === "machine"
        const expected =
          isFree || (role !== undefined && able[need]?.includes(role) === true) ? "done" : "access.denied"
        const got = await gated[name]?.[method]?.(actor).catch(({ code }: { code: string }) => code)
        if (got !== expected) wrong.push(`${name}.${method}: ${String(got)}`)
      }
    }
    expect(wrong).toEqual([])
  },
)

it("gives nobody but the owner what is only the owner's", () => {
  const owners = (["adult", "child", "guest"] as const).filter(
    (role) => roles[role].scopes.includes("owner") || roles[role].scopes.includes("admin"),
  )
  expect(owners).toEqual([])
})
