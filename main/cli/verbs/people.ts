import { InvalidArgumentError } from "commander"
import type { Cli, GlobalOptions } from "../cli.ts"
import { type KeyScope, keyScopes, keys } from "../keys.ts"
import { people } from "../people.ts"

/** `people list`, `add`, `rename`, `role`, `reset-pin` and `rm`; `keys list`, `create` and `revoke`. */
export function addPeopleVerbs({ group, withCore }: Cli): void {
  const verb = group("people", "who uses this machine")
  verb("list", "everybody with their role").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => people.list(client, options.json ?? false, signal)),
  )
  verb("add", "add somebody")
    .argument("<name>")
    .option("--role <role>", "adult, child or guest (default adult)", newRole, "adult")
    .action(
      withCore<[string], GlobalOptions & { role: NewRole }>((client, [name], options, signal) =>
        people.add(client, name, options.role, options.json ?? false, signal),
      ),
    )
  verb("rename", "give somebody another name")
    .argument("<who>", "name or id")
    .argument("<name>")
    .action(
      withCore<[string, string], GlobalOptions>((client, [who, name], options, signal) =>
        people.change(client, who, { name }, options.json ?? false, signal),
      ),
    )
  verb("role", "change what somebody may do")
    .argument("<who>", "name or id")
    .argument("<role>", "adult, child or guest", newRole)
    .action(
      withCore<[string, NewRole], GlobalOptions>((client, [who, role], options, signal) =>
        people.change(client, who, { role }, options.json ?? false, signal),
      ),
    )
  verb("reset-pin", "take away a PIN that was forgotten")
    .argument("<who>", "name or id")
    .action(
      withCore<[string], GlobalOptions>((client, [who], options, signal) =>
        people.resetPin(client, who, options.json ?? false, signal),
      ),
    )
  verb("rm", "remove somebody")
    .argument("<who>", "name or id")
    .option("--erase", "erase their chats, documents and memories (default: they become the owner's)")
    .option("--yes", "do it without asking again")
    .action(
      withCore<[string], GlobalOptions & { erase?: boolean; yes?: boolean }>((client, [who], options, signal) =>
        people.remove(
          client,
          who,
          { things: options.erase ? "erase" : "keep", isConfirmed: options.yes ?? false },
          options.json ?? false,
          signal,
        ),
      ),
    )
  addKeyVerbs({ group, withCore })
}

function addKeyVerbs({ group, withCore }: Pick<Cli, "group" | "withCore">): void {
  const verb = group("keys", "keys with which programs speak for somebody")
  verb("list", "keys with their person and scopes").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => keys.list(client, options.json ?? false, signal)),
  )
  verb("create", "make a key; it is shown once")
    .argument("<name>")
    .requiredOption("--scopes <list>", `separated by commas: ${keyScopes.join(", ")}`, scopeList)
    .option("--person <who>", "on whose behalf it acts: name or id (default: the owner)")
    .action(
      withCore<[string], GlobalOptions & { scopes: KeyScope[]; person?: string }>((client, [name], options, signal) =>
        keys.create(
          client,
          { name, scopes: options.scopes, who: options.person ?? null },
          options.json ?? false,
          signal,
        ),
      ),
    )
  verb("revoke", "end a key")
    .argument("<id>")
    .action(
      withCore<[string], GlobalOptions>((client, [id], options, signal) =>
        keys.revoke(client, id, options.json ?? false, signal),
      ),
    )
}

type NewRole = "adult" | "child" | "guest"

function newRole(text: string): NewRole {
  if (text === "adult" || text === "child" || text === "guest") return text
  throw new InvalidArgumentError("A role is adult, child or guest.")
}

function scopeList(text: string): KeyScope[] {
  const scopes = text.split(",").map((part) => part.trim())
  const known = keyScopes.filter((scope) => scopes.includes(scope))
  if (known.length === 0 || known.length !== new Set(scopes).size)
    throw new InvalidArgumentError(`Scopes are ${keyScopes.join(", ")}.`)
  return known
}
