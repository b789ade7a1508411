export default function DocumentPanel(_: Record<string, unknown>) {
  return <div className="page" />
}
