import type { Cli, GlobalOptions } from "../cli.ts"
import { say, transcribe, voices } from "../speech.ts"

/** `talk`, `transcribe`, `say` and `voices`. */
export function addSoundVerbs({ verb, withCore }: Cli): void {
  verb("talk", "a whole voice turn from file to file")
    .argument("<in.wav>")
    .requiredOption("--out <file.wav>", "where the spoken answer goes")
    .option("--collection <name>", "collection to answer from")
    .action(
      withCore<[string], GlobalOptions & { out: string; collection?: string }>(
        async (client, [path], options, signal) => {
          const { talk } = await import("../talk.ts")
          return await talk(client, path, { ...options, json: options.json ?? false }, signal)
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
