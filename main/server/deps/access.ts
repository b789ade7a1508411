import type { AuditRow } from "#contract/audit.ts"
import type { EgressEntry } from "#contract/egress.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { ApiKey } from "#contract/settings.ts"
import type { TimelineEvent, TimelineKind } from "#contract/timeline.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

/** Named keys; only hashes are stored. */
export interface KeyStore {
  create(
    actor: Actor,
    key: { name: string; scopes: string[]; prefix: string; hash: string; personId?: string },
  ): Promise<ApiKey>
  list(actor: Actor): Promise<ApiKey[]>
  findByHash(hash: string): Promise<(ApiKey & { ownerId: string }) | null>
  touch(id: string): Promise<void>
  delete(actor: Actor, id: string): Promise<void>
}

export interface AuditService {
  record(
    actor: Actor,
    entry: {
      action: string
      subject: string
      outcome: "ok" | "denied" | "failed"
      requestId: string | null
      detail: string | null
    },
  ): Promise<void>
  list(
    actor: Actor,
    query: {
      action?: string
      outcome?: "ok" | "denied" | "failed"
      personId?: string
      sinceMs?: number
      untilMs?: number
      cursor?: string
      limit: number
    },
  ): Promise<Page<AuditRow>>
  verify(): Promise<RouteOutput<Routes["GET /api/audit/verify"]>>
}

export interface EgressService {
  list(query: {
    reason?: EgressEntry["reason"]
    outcome?: EgressEntry["outcome"]
    since?: number
    cursor?: string
    limit: number
  }): RouteOutput<Routes["GET /api/egress"]>
}

export interface TimelineService {
  list(
    actor: Actor,
    query: {
      kind?: TimelineKind
      personId?: string
      sinceMs?: number
      untilMs?: number
      cursor?: string
      limit: number
    },
  ): Promise<Page<TimelineEvent>>
}

type SecretSource = "env" | "keychain" | "vault" | "file"

/** Values go in and never come out. */
export interface SecretService {
  list(): Promise<{ name: string; source: SecretSource }[]>
  set(name: string, value: string): Promise<SecretSource>
  remove(name: string): Promise<void>
  place(): Promise<SecretSource>
}
