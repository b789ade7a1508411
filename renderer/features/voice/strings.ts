import type { MicrophoneProblem } from "./microphone.ts"

export const strings = {
  talk: "Talk",
  talkHint: "Click to talk, or hold",
  stop: "Stop",
  finish: "Done talking",
  handsFree: "Hands-free conversation",
  end: "End",
  endHandsFree: "End the conversation",
  waitingHint: "Just speak. Talk over the answer to stop it.",
  phases: {
    idle: "",
    waiting: "Ready",
    listening: "Listening",
    thinking: "Thinking",
    speaking: "Speaking",
  },
  listeningHint: "Say your question…",
  sound: "Sound and microphone",
  volume: "Volume",
  mute: "Mute",
  unmute: "Unmute",
  microphone: "Microphone",
  systemMicrophone: "System default",
  voice: "Voice",
  defaultVoice: "Default voice",
  systemVoice: "The system's voice (no voice model is installed)",
  speed: "Speed",
  testMicrophone: "Test the microphone",
  typeInstead: "Type instead",
  getModel: "Get the speech model",
}

export const problems: Record<MicrophoneProblem | "no-model", { title: string; remedy: string }> = {
  denied: {
    title: "The microphone is not allowed.",
    remedy: "Allow it for ZenGlow in the address bar or in your system's privacy settings, then press again.",
  },
  missing: {
    title: "No microphone was found.",
    remedy: "Connect one, or choose another in the sound menu, then press again.",
  },
  busy: {
    title: "The microphone could not be opened.",
    remedy: "Another program may be using it. Close that, then press again.",
  },
  insecure: {
    title: "This page may not use a microphone.",
    remedy: "Open ZenGlow on the machine it runs on, by its 127.0.0.1 address.",
  },
  "no-model": {
    title: "No speech model is installed.",
    remedy: "Get one on the Models page. Typing works now.",
  },
}
