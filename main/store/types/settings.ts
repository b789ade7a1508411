import type { ApiKey } from "#contract/settings.ts"
import type { Actor } from "#core/actor.ts"

export interface SettingsRepository {
  all(actor: Actor): Promise<Record<string, unknown>>
  /** Undefined removes. */
  set(actor: Actor, values: Record<string, unknown>): Promise<void>
}

export interface KeyRepository {
  /** Only the hash is stored. */
  /** `personId`: on whose behalf it acts. Default: the actor's. */
  create(
    actor: Actor,
    key: { name: string; scopes: string[]; prefix: string; hash: string; personId?: string },
  ): Promise<ApiKey>
  /** Their own; the machine's owner sees everybody's, and may delete them. */
  list(actor: Actor): Promise<ApiKey[]>
  findByHash(hash: string): Promise<(ApiKey & { ownerId: string }) | null>
  touch(id: string): Promise<void>
  delete(actor: Actor, id: string): Promise<void>
}
