/** Frames of s16 mono as a WAV file. */
export function wavFile(frames: readonly Int16Array[], sampleRate: number, name: string): File {
  const bytes = 2 * frames.reduce((sum, frame) => sum + frame.length, 0)
  const view = new DataView(new ArrayBuffer(44 + bytes))
  const tag = (at: number, text: string): void => {
    for (const [index, letter] of [...text].entries()) view.setUint8(at + index, letter.charCodeAt(0))
  }
  tag(0, "RIFF")
  view.setUint32(4, 36 + bytes, true)
  tag(8, "WAVEfmt ")
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  tag(36, "data")
  view.setUint32(40, bytes, true)
  let at = 44
  for (const frame of frames)
    for (const sample of frame) {
      view.setInt16(at, sample, true)
      at += 2
    }
  return new File([view.buffer], name, { type: "audio/wav" })
}
