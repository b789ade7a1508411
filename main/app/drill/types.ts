import type { DoctorFinding } from "#contract/ops.ts"
import type { DoctorDeps } from "#ops/doctor/doctorDeps.ts"

/** A fault that is really there, in a folder of its own. */
export interface InjectedFault {
  /** What doctor looks at, besides all that is well. */
  deps?: Partial<DoctorDeps>
  /** In place of doctor's checks: what is found before a core runs at all. */
  examine?(signal: AbortSignal): Promise<DoctorFinding>
  /** Does what the finding's remedy says. Its result replaces `deps`. */
  remedy(): Promise<Partial<DoctorDeps> | undefined>
  close?(): Promise<void> | void
}

export interface Fault {
  name: string
  /** The check that must find it. */
  code: string
  /** What the finding must say at least. */
  expected: "warning" | "error"
  /** Platforms on which it cannot be made. */
  except?: readonly NodeJS.Platform[]
  /** @param directory Empty, for this fault alone. */
  inject(directory: string, signal: AbortSignal): Promise<InjectedFault>
}

export interface DrillResult {
  name: string
  code: string
  /** Null: it was not run on this platform. */
  found: DoctorFinding | null
  isDetected: boolean
  /** The same check after its remedy. */
  after: DoctorFinding | null
  isHealed: boolean
}
