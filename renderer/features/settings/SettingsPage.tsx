export default function SettingsPage(_: Record<string, unknown>) {
  return <div className="page" />
}
