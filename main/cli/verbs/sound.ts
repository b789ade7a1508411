import { AppError } from "#core/errors.ts"
import type { Cli, GlobalOptions } from "../cli.ts"
import { say, transcribe, voices } from "../speech.ts"

/** `talk`, `transcribe`, `say` and `voices`. */
export function addSoundVerbs({ verb, withCore }: Cli): void {
  verb("talk", "talk through this machine's microphone and speakers, or from file to file")
    .argument("[in.wav]", "a spoken question; without it, your microphone until Ctrl-C")
    .option("--out <file.wav>", "where the spoken answer to a file goes")
    .option("--collection <name>", "collection to answer from")
    .option("--wake", "live: take notice of nothing until the wake phrase is said (switched on in Settings)")
    .action(
      withCore<[string | undefined], GlobalOptions & { out?: string; collection?: string; wake?: boolean }>(
        async (client, [path], { out, ...options }, signal) => {
          const json = options.json ?? false
          if (path === undefined) {
            const { talkLive } = await import("../talkLive.ts")
            return await talkLive(client, { ...options, json }, signal)
          }
          if (out === undefined) {
            throw new AppError("request.invalid", "A spoken question in a file needs --out, the file for the answer.", {
              remedy: "Add --out answer.wav, or leave the file away to talk live.",
            })
          }
          const { talk } = await import("../talk.ts")
          return await talk(client, path, { ...options, out, json }, signal)
        },
      ),
    )

  verb("transcribe", "speech to text")
    .argument("<file>")
    .action(
      withCore<[string], GlobalOptions>((client, [path], options, signal) =>
        transcribe(client, path, options.json ?? false, signal),
      ),
    )

  verb("say", "text to speech")
    .argument("<text>")
    .requiredOption("--out <file>", "sound file to write: wav, mp3, opus or flac")
    .option("--voice <id>", "voice")
    .action(
      withCore<[string], GlobalOptions & { out: string; voice?: string }>((client, [text], options, signal) =>
        say(client, text, { ...options, json: options.json ?? false }, signal),
      ),
    )

  verb("voices", "voices that can speak").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => voices(client, options.json ?? false, signal)),
  )
}
