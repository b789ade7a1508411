export default function WelcomePage(_: Record<string, unknown>) {
  return <div className="page" />
}
