/** What XTTS v2 speaks (its model card), two letters each. */
export const xttsLanguages: readonly string[] = "en es fr de it pt pl tr ru nl cs ar zh ja hu ko hi".split(" ")
