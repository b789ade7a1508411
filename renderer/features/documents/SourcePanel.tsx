export default function SourcePanel(_: Record<string, unknown>) {
  return <div className="page" />
}
