// What a page should know when a browser does not say why nothing came: it hides that another origin was refused.

interface Page {
  readonly origin: string
}

/** A sentence for the error of a request to `url`; empty outside of pages and for the page's own origin. */
export function hintForPage(
  url: string | URL,
  page: Page | undefined = (globalThis as { readonly location?: Page }).location,
): string {
  if (page === undefined) return ''
  const { origin } = new URL(String(url).replace(/^ws/, 'http'))
  if (page.origin === origin) return ''
  return ` The browser does not tell whether the server cannot be reached, or does not let pages of ${page.origin} in (its setting LIGHTHOUSE_CORS_ORIGINS).`
}
