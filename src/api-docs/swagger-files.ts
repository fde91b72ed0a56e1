// The files of Swagger UI as they are served: from its package, from memory, with nothing from elsewhere. Offline by design.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ReadOnce } from './read-once.js'

const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

interface DocsFile {
  readonly type: string
  readonly content: () => string | Promise<Buffer>
}

/** Read at the first request: most servers are never asked. */
function fromPackage(name: string, type: string): DocsFile {
  const file = new ReadOnce(() => readFile(join(folder, name)))
  return { type, content: () => file.read() }
}

const SCRIPT = 'text/javascript; charset=utf-8'

/** Any page can run a script it names, so there is nothing in this one that is not for everybody. */
const START_SCRIPT = `const place = document.getElementById('docs')
const { token } = place.dataset
const ui = SwaggerUIBundle({
  url: '/openapi.json', domNode: place, deepLinking: true, validatorUrl: null, tryItOutEnabled: true, persistAuthorization: false,
  onComplete: () => token && ui.preauthorizeApiKey('token', token),
})
`

export const DOCS_FILES = {
  'swagger-ui.css': fromPackage('swagger-ui.css', 'text/css; charset=utf-8'),
  'swagger-ui-bundle.js': fromPackage('swagger-ui-bundle.js', SCRIPT),
  'start.js': { type: SCRIPT, content: () => START_SCRIPT },
} satisfies Record<string, DocsFile>

/**
 * The token is a development server's own, for whoever sits at its machine; any other server gives none. It stands in
 * the page because that is the one thing here that a page of elsewhere can neither read nor run.
 */
export function docsPage(developmentToken: string | undefined): string {
  // A token is of letters, digits, dots, hyphens and underscores: it needs no quoting.
  const token = developmentToken === undefined ? '' : ` data-token="${developmentToken}"`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lighthouse API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"${token}></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
}

/** Swagger UI sets styles and draws its icons from data: addresses; it needs nothing else. */
export const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
