import type { DoctorDeps } from "./doctorDeps.ts"
import { error, notRun, ok, type Result, warning } from "./findings.ts"

/** What ZenGlow runs on: Node, the clock, sound, the network, the keychain. */

/** Lowest version whose type stripping and native modules the product is built on. */
const leastNodeMajor = 22

export function checkNode(version: string): Result {
  return Number(version.split(".")[0]) >= leastNodeMajor
    ? ok(`Node ${version}.`)
    : error(
        `Node ${version} is too old.`,
        `Install dependencies again: they bring Node ${leastNodeMajor} or newer along.`,
      )
}

export async function checkAudio(deps: DoctorDeps, signal: AbortSignal): Promise<Result> {
  const devices = await deps.audio(signal)
  if (!devices) {
    return notRun(
      "Sound goes through windows: the addon for this machine's own devices is not built. `npm run sound` builds it, with a C++ compiler.",
    )
  }
  const { backend, inputs, outputs } = devices
  const found = `${backend}: ${inputs} inputs, ${outputs} outputs.`
  if (inputs + outputs === 0) return ok(`${found} Windows bring their own.`)
  return inputs > 0 && outputs > 0
    ? ok(found)
    : warning(found, "Connect a microphone and a speaker, or talk through the window of another machine.")
}

/** The chosen device, opened for a moment. */
export async function checkOpens(
  deps: DoctorDeps,
  direction: "input" | "output",
  signal: AbortSignal,
): Promise<Result> {
  const problem = await deps.opensSound(direction, signal)
  if (problem) return warning(problem.message, problem.remedy)
  return ok(direction === "input" ? "The microphone can be heard." : "The loudspeaker takes sound.")
}

export async function checkNetwork(deps: DoctorDeps, signal: AbortSignal): Promise<Result> {
  if (!deps.network) return notRun("Offline was asked for: nothing is contacted.")
  const hosts = await deps.network(signal)
  const reachable = hosts.filter(({ isReachable }) => isReachable).map(({ host }) => host)
  return reachable.length > 0 || hosts.length === 0
    ? ok(
        reachable.length > 0
          ? `Models can come from ${reachable.join(", ")}.`
          : "No source of models needs the network.",
      )
    : warning(
        `None of ${hosts.map(({ host }) => host).join(", ")} answers.`,
        "Check the connection. What is installed works without it; models can also be copied as a folder.",
      )
}

/** Before this the product did not exist. */
const earliestTime = Date.UTC(2026, 0, 1)
/** Clocks are corrected by minutes; a day is another matter. */
const dayMs = 86_400_000

export async function checkClock({ clock, newestRecordAt }: DoctorDeps): Promise<Result> {
  const now = clock.now()
  const newest = (await newestRecordAt()) ?? 0
  if (now >= earliestTime && newest - now < dayMs) return ok("The clock goes on from what was written last.")
  return error(
    `This machine's clock says ${new Date(now).toISOString().slice(0, 16)}, which cannot be${newest > now ? ": later things were written already" : ""}.`,
    "Set the clock, or have the system set it. Keys, tickets and the order of things depend on it.",
  )
}

export async function checkProxy({ proxy }: DoctorDeps, signal: AbortSignal): Promise<Result> {
  if (!proxy) return ok("No proxy is set.")
  return (await proxy.isReachable(signal))
    ? ok(`The proxy ${proxy.address} answers.`)
    : warning(
        `The proxy ${proxy.address}, set by ${proxy.variable}, does not answer: models cannot be fetched.`,
        `Start the proxy, or take ${proxy.variable} out of the environment.`,
      )
}

export async function checkSecrets({ secretsProblem }: DoctorDeps): Promise<Result> {
  const problem = await secretsProblem()
  return problem === null ? ok("Secrets can be read.") : error(problem.message, problem.remedy)
}
