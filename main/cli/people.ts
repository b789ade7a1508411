import type { Person, Role } from "#contract/people.ts"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { exitCode, note, printResult } from "./output.ts"
import { proofText } from "./proofText.ts"

type NewRole = Exclude<Role, "owner">

/** `people list|add|rename|role|rm`: who uses this machine. Whoever runs this acts as the owner; there is no way to act as somebody else. */
export const people = {
  async list(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
    const { items } = await client.api("GET /api/people", {}, signal)
    printResult({ items }, json, () =>
      items
        .map(({ id, name, role, hasPin }) => `${id.padEnd(36)}  ${role.padEnd(5)}  ${name}${hasPin ? "  (PIN)" : ""}`)
        .join("\n"),
    )
    return exitCode.done
  },

  async add(client: Client, name: string, role: NewRole, json: boolean, signal: AbortSignal): Promise<number> {
    const added = await client.api("POST /api/people", { body: { name, role } }, signal)
    printResult(added, json, () => `Added ${added.name} as ${added.role}.`)
    return exitCode.done
  },

  async change(
    client: Client,
    who: string,
    changes: { name?: string; role?: NewRole },
    json: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const { id } = await find(client, who, signal)
    const changed = await client.api("PATCH /api/people/:id", { params: { id }, body: changes }, signal)
    printResult(changed, json, () => `${changed.name}: ${changed.role}`)
    return exitCode.done
  },

  /** Takes somebody's PIN away, for those who forgot it. */
  async resetPin(client: Client, who: string, json: boolean, signal: AbortSignal): Promise<number> {
    const { id } = await find(client, who, signal)
    const changed = await client.api("PUT /api/people/:id/pin", { params: { id }, body: { pin: null } }, signal)
    printResult(changed, json, () => `${changed.name} has no PIN now.`)
    return exitCode.done
  },

  async remove(
    client: Client,
    who: string,
    { things, isConfirmed }: { things: "keep" | "erase"; isConfirmed: boolean },
    json: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const { id, name } = await find(client, who, signal)
    if (!isConfirmed) {
      const fate = things === "keep" ? "become the owner's" : "are erased"
      note(
        `${name}'s chats, documents and memories ${fate}; their voice, keys and settings are erased. Repeat with --yes.`,
      )
      return exitCode.wrongUse
    }
    const { proof } = await client.api("DELETE /api/people/:id", { params: { id }, query: { things } }, signal)
    printResult({ id, name, things, proof }, json, () => `${name} was removed.\n${proofText(proof)}`)
    return proof.residue.length === 0 ? exitCode.done : exitCode.failed
  },
}

/** By id, or by name whatever its case. */
export async function find(client: Client, who: string, signal: AbortSignal): Promise<Person> {
  const { items } = await client.api("GET /api/people", {}, signal)
  const found = items.find(({ id, name }) => id === who || name.toLowerCase() === who.toLowerCase())
  if (found) return found
  throw new AppError("person.not-found", `Nobody called ${who} lives here.`, { remedy: "Run `zenglow people list`." })
}
