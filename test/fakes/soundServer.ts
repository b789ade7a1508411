import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { loadPortAudio } from "#audio/devices/portAudio.ts"
import { errorInfo } from "#core/errors.ts"

/** A sound server of the test's own, with microphones and loudspeakers that exist only in it. Linux; others skip. */
export interface SoundServer {
  /** For processes that are to find its devices, and no others. */
  env: Record<string, string>
  plug(kind: "microphone" | "loudspeaker", name: string, sampleRate?: number): Promise<void>
  /** Nothing happens to one that is not plugged in. */
  unplug(name: string): Promise<void>
  /** Which devices the system takes by default; null: there is none. */
  setDefault(microphone: string | null, loudspeaker: string | null): Promise<void>
  /** Plays mono samples into a microphone. Resolves when all were heard. */
  say(microphone: string, samples: Float32Array, sampleRate: number): Promise<void>
  /** Hears what a loudspeaker plays, from the first sample on. */
  record(loudspeaker: string): Promise<{ heard(): Float32Array; stop(): Promise<Float32Array> }>
  /** Another program that records from a microphone. */
  hearMicrophone(microphone: string): Promise<{ stop(): Promise<Float32Array> }>
  /** What a loudspeaker plays is heard by a microphone, at this factor. Returns the end of it. */
  leak(loudspeaker: string, microphone: string, gain: number): Promise<() => Promise<void>>
  /** Streams that programs have open: none means that nothing was left behind. */
  openStreams(): Promise<number>
  run(command: string, ...args: string[]): Promise<string>
  close(): Promise<void>
}

export const recordRate = 16_000

/** Why tests with devices cannot run here; null: they can. */
export function whyNoSoundServer(): string | null {
  if (process.platform !== "linux") return "devices are tested with PulseAudio, on Linux"
  if (spawnSync("pulseaudio", ["--version"]).error) return "pulseaudio is not installed"
  if (spawnSync("pactl", ["--version"]).error) return "pulseaudio-utils is not installed"
  try {
    loadPortAudio()
    return null
  } catch (error) {
    return errorInfo(error).message
  }
}

export async function startSoundServer(): Promise<SoundServer> {
  const folder = await mkdtemp(join(tmpdir(), "zenglow-sound-"))
  const socket = join(folder, "native")
  const alsa = join(folder, "asound.conf")
  const env = {
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    PULSE_RUNTIME_PATH: folder,
    PULSE_SERVER: `unix:${socket}`,
    ALSA_CONFIG_PATH: alsa,
  }
  const processEnv = { ...process.env, ...env }
  await writeFile(
    join(folder, "default.pa"),
    `load-module module-native-protocol-unix socket=${socket} auth-anonymous=1\nload-module module-always-sink\n`,
  )
  const daemon = spawn(
    "pulseaudio",
    [
      "-n",
      "-F",
      join(folder, "default.pa"),
      "--daemonize=no",
      "--exit-idle-time=-1",
      "--use-pid-file=no",
      "--high-priority=yes",
      "--realtime=yes",
    ],
    { env: processEnv, stdio: "ignore" },
  )
  const run = async (command: string, ...args: string[]): Promise<string> =>
    (await promisify(execFile)(command, args, { env: processEnv })).stdout.trim()
  await untilAnswering(() => run("pactl", "info"))

  const modules = new Map<string, string[]>()
  const kinds = new Map<string, "microphone" | "loudspeaker">()
  const children = new Set<ChildProcess>()
  let defaults: { microphone: string | null; loudspeaker: string | null } = { microphone: null, loudspeaker: null }
  const load = async (name: string, ...args: string[]): Promise<void> => {
    modules.set(name, [...(modules.get(name) ?? []), await run("pactl", "load-module", ...args)])
  }
  const start = (command: string, args: string[], stdin: "ignore" | "pipe"): ChildProcess => {
    const child = spawn(command, args, { env: processEnv, stdio: [stdin, "pipe", "ignore"] })
    children.add(child)
    child.once("exit", () => children.delete(child))
    return child
  }
  /** ALSA's list of devices, as a desktop would have it. A new file, so that the change is seen within the same second. */
  const writeAlsa = async (): Promise<void> => {
    const device = (name: string) => `{ type pulse device ${name} }`
    const lines = [...kinds].map(([name, kind]) =>
      kind === "microphone"
        ? `pcm.${name} { type asym capture.pcm ${device(name)} }`
        : `pcm.${name} { type asym playback.pcm ${device(name)} }`,
    )
    const { microphone, loudspeaker } = defaults
    const parts = [
      ...(loudspeaker ? [`playback.pcm ${device(loudspeaker)}`] : []),
      ...(microphone ? [`capture.pcm ${device(microphone)}`] : []),
    ]
    // A card that is not plugged in: machines without any device have a list all the same.
    lines.push("pcm.absent { type hw card 99 }")
    if (parts.length > 0) lines.push(`pcm.default { type asym ${parts.join(" ")} }`)
    await writeFile(`${alsa}.new`, `${lines.join("\n")}\n`)
    await rename(`${alsa}.new`, alsa)
  }
  await writeAlsa()
  const recordFrom = async (source: string) => {
    const args = ["--raw", "--format=float32le", `--rate=${recordRate}`, "--channels=1", "--latency-msec=20"]
    const recorder = start("pacat", ["--record", ...args, "-d", source], "ignore")
    const chunks: Buffer[] = []
    recorder.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk))
    if (recorder.stdout) await once(recorder.stdout, "data")
    const heard = (): Float32Array => {
      const bytes = Buffer.concat(chunks)
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)))
    }
    return {
      heard,
      async stop() {
        recorder.kill()
        await once(recorder, "exit")
        return heard()
      },
    }
  }

  return {
    env,
    run,
    async plug(kind, name, sampleRate = 48_000) {
      kinds.set(name, kind)
      const sink = kind === "microphone" ? `${name}_feed` : name
      await load(name, "module-null-sink", `sink_name=${sink}`, `rate=${sampleRate}`, "channels=1")
      if (kind === "microphone")
        await load(name, "module-remap-source", `master=${sink}.monitor`, `source_name=${name}`, "channels=1")
      // A reader keeps the server's pieces short; without one a null sink sleeps two seconds at a time.
      const reader = start(
        "parec",
        ["--latency-msec=10", "-d", `${sink}.monitor`, "--rate=8000", "--channels=1"],
        "ignore",
      )
      reader.stdout?.resume()
      await writeAlsa()
    },
    async unplug(name) {
      kinds.delete(name)
      await writeAlsa()
      for (const module of (modules.get(name) ?? []).reverse()) await run("pactl", "unload-module", module)
      modules.delete(name)
    },
    async setDefault(microphone, loudspeaker) {
      defaults = { microphone, loudspeaker }
      await writeAlsa()
    },
    async say(microphone, samples, sampleRate) {
      const args = ["--raw", "--format=float32le", `--rate=${sampleRate}`, "--channels=1", "--latency-msec=1000"]
      const player = start("pacat", ["--playback", ...args, "-d", `${microphone}_feed`], "pipe")
      player.stdin?.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength))
      await once(player, "exit")
    },
    record: (loudspeaker) => recordFrom(`${loudspeaker}.monitor`),
    hearMicrophone: recordFrom,
    async leak(loudspeaker, microphone, gain) {
      const module = await run(
        "pactl",
        "load-module",
        "module-loopback",
        `source=${loudspeaker}.monitor`,
        `sink=${microphone}_feed`,
        "latency_msec=80",
        "source_dont_move=true",
        "sink_dont_move=true",
      )
      const inputs = await run("pactl", "list", "short", "sink-inputs")
      const input = inputs
        .split("\n")
        .find((line) => line.includes("module-loopback.c"))
        ?.split("\t")[0]
      if (input) await run("pactl", "set-sink-input-volume", input, String(Math.round(65_536 * Math.cbrt(gain))))
      return async () => void (await run("pactl", "unload-module", module))
    },
    async openStreams() {
      const lists = await Promise.all(
        ["sink-inputs", "source-outputs"].map((kind) => run("pactl", "list", "short", kind)),
      )
      const own = children.size
      const clients = lists.flatMap((text) => text.split("\n")).filter((line) => /protocol-native/.test(line))
      return clients.length - own
    },
    async close() {
      for (const child of children) child.kill()
      daemon.kill()
      if (daemon.exitCode === null) await once(daemon, "exit")
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A server says that it is up by answering. */
async function untilAnswering(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask()
      return
    } catch (error) {
      if (tries > 200) throw error
    }
  }
}
