/** XTTS in the onnx child. Every request names its model. */
export type XttsContract = {
  "xtts.load": { input: { model: XttsFiles }; output: null }
  "xtts.unload": { input: null; output: null }
  /** The same sample at 22,050 Hz and at 16 kHz. */
  "xtts.condition": {
    input: { model: XttsFiles; sample: Float32Array; listening: Float32Array }
    output: { latents: Float32Array; speaker: Float32Array }
  }
  /** One sentence; sound comes as events while it is made. */
  "xtts.speak": {
    input: {
      model: XttsFiles
      text: string
      language: string
      latents: Float32Array
      speaker: Float32Array
      rate: number
    }
    output: { tokens: number }
    event: { samples: Float32Array; sampleRate: number }
  }
}

export interface XttsFiles {
  /** Absolute path of `xtts.json`; the other files lie beside it. */
  manifestPath: string
  threads: number
}
