// Writes docs/openapi.json anew from the routes and classes: npm run openapi. The change is then there to be seen and committed.
import 'reflect-metadata'
import { writeFileSync } from 'node:fs'
import { withApplication } from '../support/application.js'
import { openApiText } from './openapi-document.js'

await withApplication(app => writeFileSync('docs/openapi.json', openApiText(app)))
