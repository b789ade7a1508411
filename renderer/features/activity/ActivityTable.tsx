import type { ReactNode } from "react"

/** A wide table under its headings; `children` are its rows. */
export const ActivityTable = ({ columns, children }: { columns: Record<string, string>; children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by keyboard
  <div className="table-box scroll" tabIndex={0}>
    <table className="activity-table">
      <thead>
        <tr>
          {Object.values(columns).map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
)
