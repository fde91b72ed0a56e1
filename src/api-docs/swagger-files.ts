// The files of Swagger UI, served from its package and from memory, so that the page works offline.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fetchForAWhile, followLinks, withWhatItNeeds } from './in-browser.js'
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

const STYLE = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'

/**
 * Of an answer that says what went wrong, the code and its title are enough; the example says the same at length. Links
 * are followed, so nobody has to read them.
 */
const PAGE_STYLE = `.responses-table .response-col_links { display: none }
.responses-table .response:is([data-code^="4"], [data-code^="5"]) :is(.response-controls, .model-example) { display: none }
`

/** A page of any site can run a script by its address, so this one must hold nothing secret. */
const START_SCRIPT = `const followLinks = ${followLinks}
const fetchForAWhile = ${fetchForAWhile}
const withWhatItNeeds = ${withWhatItNeeds}
const place = document.getElementById('docs')
const { token } = place.dataset

/** Fills in what an answer says of later operations: the id of what was made, the token of what was taken. */
const handOn = ({ specSelectors, specActions, oas3Actions }, path, method, { status, body }) => {
  const paths = specSelectors.specJson().get('paths')
  const links = paths.getIn([path, method, 'responses', String(status), 'links'])
  for (const { operationId, parameters, body: next } of links ? followLinks(links.toJS(), body) : []) {
    for (const [target, item] of paths) for (const [verb, operation] of item) {
      if (operation.get('operationId') !== operationId) continue
      for (const parameter of operation.get('parameters')) {
        const value = parameters[parameter.get('name')]
        if (value !== undefined) specActions.changeParamByIdentity([target, verb], parameter, String(value), false)
      }
      if (next === undefined) continue
      const pathMethod = [target, verb]
      oas3Actions.setRequestBodyValue({ value: JSON.stringify(next, null, 2), pathMethod })
      // A panel that is opened for the first time would begin with its example again.
      oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod })
    }
  }
}
const HandingOn = () => ({ statePlugins: { spec: { wrapActions: {
  setResponse: (original, system) => (path, method, response) => {
    original(path, method, response)
    if (!response.error) handOn(system.getSystem(), path, method, response)
  },
} } } })

const ui = SwaggerUIBundle({
  url: '/openapi.json', domNode: place, plugins: [HandingOn],
  deepLinking: true, filter: true, tryItOutEnabled: true, persistAuthorization: false, validatorUrl: null,
  defaultModelsExpandDepth: 0,
  operationsSorter: (a, b) => a.getIn(['operation', 'x-order']) - b.getIn(['operation', 'x-order']),
  requestInterceptor: request => Object.assign(request, { userFetch: fetchForAWhile }),
  onComplete: () => token && ui.preauthorizeApiKey('token', token),
})
// For each panel that is opened the whole document would be read anew.
const { resolveSubtree } = ui.fn
ui.fn.resolveSubtree = (spec, path, options) => resolveSubtree(withWhatItNeeds(spec, path), path, options)
`

export const DOCS_FILES = {
  'swagger-ui.css': fromPackage('swagger-ui.css', STYLE),
  'swagger-ui-bundle.js': fromPackage('swagger-ui-bundle.js', SCRIPT),
  'page.css': { type: STYLE, content: () => PAGE_STYLE },
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
<link rel="stylesheet" href="/docs/page.css">
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
