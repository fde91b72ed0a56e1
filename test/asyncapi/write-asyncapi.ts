// Writes docs/asyncapi.json anew from the classes of the frames: npm run asyncapi. The change is then there to be seen and committed.
import 'reflect-metadata'
import { writeFileSync } from 'node:fs'
import { withApplication } from '../support/application.js'
import { asyncApiText } from './asyncapi-document.js'

await withApplication(app => writeFileSync('docs/asyncapi.json', asyncApiText(app)))
