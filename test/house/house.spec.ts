// Holds the project to the rules of the house. A failure names the place and the remedy.

import { conventionRules } from './conventions.js'
import { floorRules } from './floors.js'
import { readProject } from './project.js'
import { shapeRules } from './shape.js'
import { structureRules } from './structure.js'

const files = readProject()

test('the project is read at all', () => {
  const paths = files.map(file => file.path)
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'src/main.ts', 'test/house/house.spec.ts']))
  expect(paths.filter(path => path.includes('node_modules/'))).toEqual([])
})

test.each([...floorRules, ...shapeRules, ...conventionRules, ...structureRules])('$name', ({ check }) => {
  expect(check(files)).toEqual([])
})
