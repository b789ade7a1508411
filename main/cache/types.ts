/**
 * Keeps what was expensive to make, by key. A cache may lie in another process and may lose anything at any time: what it does not have is
 * made again, so an implementation answers null instead of failing.
 */
export interface Cache {
  get(key: string): Promise<string | null>
  /** A value too large to keep is not kept. Default lifetime: until there is no room. */
  set(key: string, value: string, options?: { ttlMs?: number }): Promise<void>
  delete(key: string): Promise<void>
  /** Everything whose key begins so. */
  clear(prefix: string): Promise<void>
  stats(): CacheStats
}

export interface CacheStats {
  hits: number
  misses: number
  /** Of this process's own memory; null where it lies elsewhere. */
  entries: number | null
  sizeBytes: number | null
}
