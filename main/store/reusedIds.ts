/** Ids of a document's former chunks by content: a chunk whose words did not change keeps its id, so old citations still resolve. */
export function createIdReuse(old: readonly { id: string; key: string }[]): { take(key: string): string | undefined } {
  const byKey = new Map<string, string[]>()
  for (const { id, key } of old) {
    const ids = byKey.get(key)
    if (ids) ids.push(id)
    else byKey.set(key, [id])
  }
  return { take: (key) => byKey.get(key)?.shift() }
}
