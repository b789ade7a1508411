export default function DocumentsPage(_: Record<string, unknown>) {
  return <div className="page" />
}
