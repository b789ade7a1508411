import rehypeHighlight from "rehype-highlight"

/** Colours code of the common languages; unknown ones stay plain. */
export const highlight: [typeof rehypeHighlight, { detect: boolean }] = [rehypeHighlight, { detect: false }]
