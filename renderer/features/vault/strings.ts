import type { Mentions, PiiIdentifier } from "#contract/pii.ts"
import { plural } from "../../ui/format.ts"

export const strings = {
  title: "Protected people",
  intro:
    "People whose names and data are to be hidden: they are taken out of every dataset, and can be erased from everything of yours at once. They are kept encrypted.",
  show: "Show who is protected",
  showText: "Showing them is written into the log of who did what.",
  loading: "Opening…",
  none: "Nobody is protected yet.",
  add: "Protect somebody",
  label: "What you call them",
  value: "What tells who they are",
  kind: "Kind",
  another: "One more",
  save: "Protect",
  kinds: {
    name: "Name",
    email: "Mail address",
    phone: "Phone number",
    address: "Address",
    iban: "Account (IBAN)",
    card: "Card",
    "national-id": "Identity number",
    ip: "Network address",
  } satisfies Record<PiiIdentifier["kind"], string>,
  remove: "No longer protect",
  removeTitle: (label: string) => `No longer protect ${label}?`,
  removeText: "They are taken out of this list. What mentions them stays.",
  erase: "Erase everywhere",
  eraseTitle: (label: string) => `Erase ${label} everywhere?`,
  eraseText: (label: string, mentions: string) =>
    `${label} is mentioned in ${mentions}. In chats the words are masked; documents, memories and datasets that mention them are deleted. This cannot be undone.`,
  erasing: "Erasing, and looking whether anything is left…",
  mentions: (found: Mentions) =>
    [
      plural(found.conversations, "chat"),
      plural(found.documents, "document"),
      plural(found.memories, "memory", "memories"),
      plural(found.datasets, "dataset"),
    ].join(", "),
  cancel: "Cancel",
}
