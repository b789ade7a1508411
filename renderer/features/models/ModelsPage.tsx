export default function ModelsPage(_: Record<string, unknown>) {
  return <div className="page" />
}
