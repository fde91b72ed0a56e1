// Renders the pages that explain problems, as plain HTML that loads nothing from elsewhere. Pure.

export interface ExplainedProblem {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly outcome: string
  readonly remedy: string
}

export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

const STYLE = 'body{font:16px/1.5 system-ui;max-width:44rem;margin:3rem auto;padding:0 1rem}code{background:#8882}'

export function problemsPage(problems: readonly ExplainedProblem[]): string {
  const rows = problems.map(
    ({ code, title, status }) =>
      `<li><a href="/problems/${code}"><code>${code}</code></a> ${status}: ${escaped(title)}</li>`,
  )
  return page('Problems', `<h1>Problems</h1><ul>${rows.join('')}</ul>`)
}

export function problemPage({ code, status, title, retryable, outcome, remedy }: ExplainedProblem): string {
  const facts = [
    `HTTP status ${status}.`,
    retryable ? 'Sending the same request again can help.' : 'Sending the same request again does not help.',
    outcome === 'rejected'
      ? 'What was to be appended is surely not stored.'
      : 'What was to be appended may be stored; the same idempotency key tells.',
  ]
  const body = `<h1>${escaped(title)}</h1><p><code>${code}</code></p><p>${escaped(remedy)}</p><ul>${facts.map(fact => `<li>${fact}</li>`).join('')}</ul><p><a href="/problems">All problems</a></p>`
  return page(title, body)
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)} · Lighthouse</title><style>${STYLE}</style></head><body>${body}</body></html>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
