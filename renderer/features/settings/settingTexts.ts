/** Words of each setting, by its name in the contract. */
export const settingTexts: Record<string, { label: string; hint: string; group: SettingGroup } | undefined> = {
  theme: { label: "Theme", hint: "Light, dark, or as the system has it.", group: "look" },
  language: { label: "Language", hint: "Of speech and answers, as a code like “en”.", group: "look" },
  chatModel: { label: "Chat model", hint: "Writes the answers.", group: "models" },
  embedModel: {
    label: "Embedding model",
    hint: "Finds passages by meaning. A change reads all documents again.",
    group: "models",
  },
  sttModel: { label: "Speech-to-text model", hint: "Understands what you say.", group: "models" },
  ttsModel: { label: "Text-to-speech model", hint: "Speaks the answers.", group: "models" },
  voice: { label: "Voice", hint: "The voice of spoken answers.", group: "voice" },
  sentencePauseMs: { label: "Pause after a sentence", hint: "Milliseconds.", group: "voice" },
  speechRate: { label: "Speaking speed", hint: "1 is the voice's own pace.", group: "voice" },
  volume: { label: "Volume", hint: "Of spoken answers.", group: "voice" },
  isMuted: { label: "Mute", hint: "Spoken answers stay silent; captions go on.", group: "voice" },
  speakAnswers: { label: "Speak all answers", hint: "Also answers to typed questions.", group: "voice" },
  quickAnswers: {
    label: "Quick answers",
    hint: "Says a sentence of your documents at once when it answers by itself, and names where it stands.",
    group: "voice",
  },
  personaQuickAnswers: {
    label: "Quick answers by persona",
    hint: "Where one of them should answer quickly, or never.",
    group: "voice",
  },
  personaId: { label: "Persona", hint: "How the assistant writes.", group: "answers" },
  temperature: { label: "Temperature", hint: "0 is the same answer every time; higher is freer.", group: "answers" },
  answerTokens: {
    label: "Longest answer",
    hint: "In tokens. Larger values leave less room for passages.",
    group: "answers",
  },
  topK: { label: "Passages per answer", hint: "How many passages the model reads.", group: "answers" },
  passageTokens: {
    label: "Length of a passage",
    hint: "In tokens. Changed, all documents are read again beside the search in use.",
    group: "answers",
  },
  unloadAfterMinutes: {
    label: "Free a model's memory after",
    hint: "Minutes without use. 0 keeps it loaded.",
    group: "models",
  },
  backupEveryHours: {
    label: "Back up every",
    hint: "Hours. 0 makes none by itself. Backups hold everything but models, in the folder below.",
    group: "privacy",
  },
  backupsKept: {
    label: "Backups kept",
    hint: "Older ones are removed. Those you make yourself stay.",
    group: "privacy",
  },
  offline: {
    label: "Offline",
    hint: "No connection to the outside: no downloads, no web pages, no checks.",
    group: "privacy",
  },
}

/** Chosen on the card for sound. */
const soundCard: readonly string[] = ["inputDevice", "outputDevice", "microphoneGain", "isMicrophoneMuted"]

/** What the window keeps for itself is no choice of the person; the wake word and cloned voices have cards of their own. */
export const isShown = ({ name }: { name: string }): boolean =>
  name !== "firstRunDone" &&
  name !== "pronunciations" &&
  name !== "keepTurnSound" &&
  !name.startsWith("cloning") &&
  !name.startsWith("wake") &&
  !soundCard.includes(name)

export type SettingGroup = "look" | "answers" | "voice" | "models" | "privacy"
