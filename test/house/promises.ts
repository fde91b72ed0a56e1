// Promises that are started and left: found by the compiler's types, in every statement and in every function that is given away.
import { dirname } from 'node:path'
import ts from 'typescript'

export interface Left {
  readonly file: string
  readonly line: number
  readonly complaint: string
}

const FLOATING = 'starts a promise and leaves it: await it, give it a handler, or say `void` where it can never reject'
const GIVEN_AWAY =
  'is called by somebody who does not look at its promise: let it handle what can fail, and answer nothing'

/** In `files`, under the compiler's options of the project. */
export function leftPromises(configPath: string, files: readonly string[]): Left[] {
  const { config } = ts.readConfigFile(configPath, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, dirname(configPath))
  const program = ts.createProgram(files, options)
  const search = new Search(program.getTypeChecker())
  for (const file of files) search.look(program.getSourceFile(file) as ts.SourceFile)
  return search.found
}

class Search {
  readonly found: Left[] = []

  constructor(private readonly checker: ts.TypeChecker) {}

  look(file: ts.SourceFile): void {
    const visit = (node: ts.Node): void => {
      const complaint = this.complaintOf(node)
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      if (complaint !== undefined) this.found.push({ file: file.fileName, line: line + 1, complaint })
      ts.forEachChild(node, visit)
    }
    visit(file)
  }

  private complaintOf(node: ts.Node): string | undefined {
    if (ts.isExpressionStatement(node)) return this.isLeft(node.expression) ? FLOATING : undefined
    if (ts.isArrowFunction(node) || ts.isFunctionExpression(node))
      return this.isGivenAway(node) ? GIVEN_AWAY : undefined
    return undefined
  }

  /** A value that is not used. Of `a && b` and `a ? b : c` each part is one, and of an assignment none: it is kept. */
  private isLeft(expression: ts.Expression): boolean {
    const node = ts.skipPartiallyEmittedExpressions(expression)
    if (ts.isParenthesizedExpression(node)) return this.isLeft(node.expression)
    if (ts.isConditionalExpression(node)) return this.isLeft(node.whenTrue) || this.isLeft(node.whenFalse)
    if (ts.isAwaitExpression(node) || ts.isVoidExpression(node)) return false
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken
      if (kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment) return false
      return this.isLeft(node.right)
    }
    return this.isPromise(this.checker.getTypeAtLocation(node)) && !this.isHandled(node)
  }

  private isHandled(node: ts.Expression): boolean {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false
    const { name, expression } = node.expression
    if (name.text === 'catch') return node.arguments.length >= 1
    if (name.text === 'then') return node.arguments.length >= 2
    return name.text === 'finally' && this.isHandled(expression)
  }

  /** A function that answers a promise, where one is wanted that answers nothing. */
  private isGivenAway(node: ts.ArrowFunction | ts.FunctionExpression): boolean {
    if (!ts.isCallExpression(node.parent) && !ts.isNewExpression(node.parent)) return false
    const wanted = this.checker.getContextualType(node)?.getCallSignatures() ?? []
    const answersNothing = (signature: ts.Signature) =>
      (this.checker.getReturnTypeOfSignature(signature).flags & ts.TypeFlags.Void) !== 0
    if (wanted.length === 0 || !wanted.every(answersNothing)) return false
    const [own] = this.checker.getTypeAtLocation(node).getCallSignatures()
    if (own === undefined || !this.isPromise(this.checker.getReturnTypeOfSignature(own))) return false
    return ts.isBlock(node.body) || !this.isHandled(node.body)
  }

  /** A promise, or a list of them. */
  private isPromise(type: ts.Type, inList = false): boolean {
    if (type.isUnion()) return type.types.some(part => this.isPromise(part, inList))
    if (inList || !this.checker.isArrayType(type)) return type.getSymbol()?.name === 'Promise'
    return this.checker.getTypeArguments(type as ts.TypeReference).some(of => this.isPromise(of, true))
  }
}
