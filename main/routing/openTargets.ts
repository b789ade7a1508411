import type { Rules } from "./rules.ts"

/** Targets with groups and `@others` opened. @param turnOf How often a group's turn came before; counts up. */
export function openTargets(
  targets: readonly string[],
  deps: { groups: Rules["groups"]; others: readonly string[]; turnOf(group: string): number },
): string[] {
  return targets.flatMap((name): readonly string[] => {
    if (name === "@others") return deps.others
    const group = name.startsWith("@") ? deps.groups[name.slice(1)] : undefined
    if (!group) return [name]
    const members = group.members.filter(({ weight }) => group.mode !== "weighted" || weight > 0)
    const slots = group.mode === "weighted" ? spread(members) : members.map(({ target }) => target)
    if (group.mode === "first") return openTargets(slots, deps)
    const start = deps.turnOf(name) % slots.length
    return openTargets([...new Set([...slots.slice(start), ...slots.slice(0, start)])], deps)
  })
}

/** Each target as often as its weight says, well mixed: 3:1 is a a b a, not a a a b. */
function spread(members: readonly { target: string; weight: number }[]): string[] {
  const smallest = Math.min(...members.map(({ weight }) => weight))
  const counts = members.map(({ target, weight }) => ({ target, count: Math.min(20, Math.round(weight / smallest)) }))
  return counts
    .flatMap(({ target, count }) => Array.from({ length: count }, (_, n) => ({ target, at: (n + 0.5) / count })))
    .sort((left, right) => left.at - right.at)
    .map(({ target }) => target)
}
