import type { Artifact, ArtifactKind } from "#contract/artifacts.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

export type NewArtifact = Omit<Artifact, "id" | "createdAt">

export interface ArtifactRepository {
  record(actor: Actor, artifact: NewArtifact): Promise<Artifact>
  get(actor: Actor, id: string): Promise<Artifact>
  /** Newest first. Every tag must be there; `q` looks into name, hash and provenance. `tags`: all of the actor's, most frequent first. */
  list(
    actor: Actor,
    query: { kind?: ArtifactKind; tags?: string[]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Artifact> & { tags: { tag: string; count: number }[] }>
  setTags(actor: Actor, id: string, tags: string[]): Promise<Artifact>
  delete(actor: Actor, id: string): Promise<void>
}
