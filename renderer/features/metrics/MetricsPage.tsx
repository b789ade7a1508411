export default function MetricsPage(_: Record<string, unknown>) {
  return <div className="page" />
}
