import "./people.css"

interface PersonAvatarProps {
  person: { name: string; colour: number }
  size?: "small" | "large"
}

/** Initials on the person's colour; the name stands beside it wherever it is shown. */
export function PersonAvatar({ person, size = "small" }: PersonAvatarProps) {
  return (
    <span className={`person-avatar ${size} colour-${person.colour}`} aria-hidden>
      {initials(person.name)}
    </span>
  )
}

export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .join("")
