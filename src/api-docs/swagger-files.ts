// The files of Swagger UI, served from its package and from memory, so that the page works offline.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ReadOnce } from './read-once.js'

const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

interface DocsFile {
  readonly type: string
  readonly content: () => string | Promise<Buffer>
}

/** Reads the file at its first request, because most servers never get one. */
function fromPackage(name: string, type: string): DocsFile {
  const file = new ReadOnce(() => readFile(join(folder, name)))
  return { type, content: () => file.read() }
}

const SCRIPT = 'text/javascript; charset=utf-8'

/** A page of any site can run a script by its address, so this one must hold nothing secret. */
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
 * A development server shows its own token to a user on its machine; any other server has none to show. The token is in
 * the page and not in a script, because a page of another site can run a script but can neither read nor run a page.
 */
export function docsPage(developmentToken: string | undefined): string {
  // A JWT has only letters, digits, dots, hyphens and underscores, so it needs no quoting.
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

/** Swagger UI sets inline styles and draws its icons from data: addresses; nothing else has to be allowed. */
export const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
