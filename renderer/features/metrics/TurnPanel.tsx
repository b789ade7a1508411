export default function TurnPanel(_: Record<string, unknown>) {
  return <div className="page" />
}
