import { Component, type ReactNode } from "react"
import { Button } from "../../ui/Button.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { strings } from "./strings.ts"

/** One broken part leaves the rest of the window working. */
export class Boundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false }
  static getDerivedStateFromError() {
    return { hasFailed: true }
  }
  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <div className="page-loading">
        <Notice
          tone="danger"
          title={strings.pageFailed}
          remedy={strings.pageFailedRemedy}
          action={
            <Button small onClick={() => this.setState({ hasFailed: false })}>
              {strings.tryAgain}
            </Button>
          }
        />
      </div>
    )
  }
}
