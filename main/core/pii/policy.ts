/** What tells who somebody is. `name`: only those that were given (people of the household, words in the vault). */
export const piiKinds = ["email", "phone", "iban", "card", "national-id", "ip", "address", "name"] as const
export type PiiKind = (typeof piiKinds)[number]

/** Where text goes that personal data is taken out of. */
export type PiiPurpose = "log" | "support" | "dataset" | "export" | "remote"

/**
 * The masking policy: what is taken out of what. A log keeps network addresses, which tell who was refused, and its lines are too many for
 * the rules that look at whole sentences. An export for oneself takes nothing out; `export` is one that was asked to.
 */
export const piiPolicy: Record<PiiPurpose, readonly PiiKind[]> = {
  log: ["email", "iban", "card"],
  support: ["email", "iban", "card", "national-id", "ip"],
  dataset: piiKinds,
  export: piiKinds,
  remote: piiKinds,
}

/** What stands in the place of what was taken out; reversible masking adds a number. */
export const piiLabels: Record<PiiKind, string> = {
  email: "E-MAIL",
  phone: "PHONE",
  iban: "IBAN",
  card: "CARD",
  "national-id": "ID-NUMBER",
  ip: "IP-ADDRESS",
  address: "ADDRESS",
  name: "NAME",
}
