import type { Artifact } from "#contract/artifacts.ts"
import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { ArtifactRepository, NewArtifact } from "#store/types.ts"

/** Notes what was built, fetched or exported. */
export type RecordArtifact = (actor: Actor, artifact: NewArtifact) => Promise<Artifact | null>

/** A note that cannot be written never fails what it is about: null, and a line in the log. */
export function createRecordArtifact(
  store: Pick<ArtifactRepository, "record">,
  onChange: (id: string | null, actor: Actor) => void,
  log: Logger,
): RecordArtifact {
  return async (actor, artifact) => {
    try {
      const tags = [...new Set(artifact.tags.map((tag) => tag.trim().toLowerCase()).filter(Boolean))].slice(0, 20)
      const recorded = await store.record(actor, { ...artifact, tags })
      onChange(recorded.id, actor)
      return recorded
    } catch (error) {
      log.warn("an artifact could not be recorded", { kind: artifact.kind, name: artifact.name, error })
      return null
    }
  }
}
