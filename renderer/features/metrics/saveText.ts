import { saveAs } from "../../api/client.ts"

/** Saves a text as a file of the person. */
export const saveText = (text: string, type: string, name: string): Promise<void> =>
  saveAs(new Response(text, { headers: { "content-type": type } }), name)
