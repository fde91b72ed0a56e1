// The files of Swagger UI as they are served: from its package, from memory, with nothing from elsewhere. Offline by design.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

export const SWAGGER_FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const

const kept = new Map<string, Promise<Buffer>>()

/** Read at the first request: most servers are never asked. */
export function swaggerFile(name: keyof typeof SWAGGER_FILES): Promise<Buffer> {
  const held = kept.get(name) ?? readFile(join(folder, name))
  kept.set(name, held)
  return held
}

export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lighthouse API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

/** The token is a development server's own, for whoever sits at its machine; any other server gives none. */
export function startScript(developmentToken: string | undefined): string {
  const authorize =
    developmentToken === undefined
      ? ''
      : `, onComplete: () => ui.preauthorizeApiKey('token', ${JSON.stringify(developmentToken)})`
  return `const ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null, tryItOutEnabled: true, persistAuthorization: false${authorize} })\n`
}

/** Swagger UI sets styles and draws its icons from data: addresses; it needs nothing else. */
export const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
