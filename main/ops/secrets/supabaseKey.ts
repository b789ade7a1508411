import type { Secret, Secrets } from "./types.ts"

/** Environment names the earlier system read, strongest first. */
const names = [
  "SUPABASE_INDEXER_SERVICE_KEY",
  "SUPABASE_SERVICE_ROLE_KEY",
  "SUPABASE_KEY",
  "SUPABASE_ANON_KEY",
] as const

/** The key of a Supabase project and where it comes from: one of its environment names, else the secret `supabase`. Placeholders of templates do not count. */
export async function supabaseKey(
  environment: Readonly<Record<string, string | undefined>>,
  secrets: Secrets,
): Promise<Secret | null> {
  for (const name of names) {
    const value = environment[name]?.trim()
    if (value && !value.startsWith("replace_with_")) return { value, source: "env" }
  }
  return await secrets.get("supabase")
}
