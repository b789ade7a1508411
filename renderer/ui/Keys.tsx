const isApple = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent)

/** Key caps. `Mod` is ⌘ on Apple machines, Ctrl elsewhere. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="row" style={{ gap: 3 }}>
      {keys.split(" ").map((key) => (
        <kbd className="key" key={key}>
          {key === "Mod" ? (isApple ? "⌘" : "Ctrl") : key}
        </kbd>
      ))}
    </span>
  )
}
