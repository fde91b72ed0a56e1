// `GET /problems` and `GET /problems/<code>`: what each error means and what ends it, as a page or as JSON.
import { Controller, Get, Param } from '@nestjs/common'
import { Public } from '../auth/scope.decorator.js'
import { ERRORS, type ErrorCode, StoreError } from '../contract/errors.js'
import { Http, type HttpExchange } from '../wire/http.decorator.js'
import { Route } from '../wire/openapi/route.decorator.js'
import { PAGE_POLICY, problemPage, problemsPage } from './problem-page.js'

@Controller('problems')
@Public()
export class ProblemPagesController {
  @Get()
  @Route('listProblems', {
    summary: 'All problems',
    description: 'A page for people, or JSON, as Accept says.',
    answers: { 200: { description: 'The catalogue of errors.' } },
  })
  list(@Http() http: HttpExchange): string {
    const all = (Object.keys(ERRORS) as ErrorCode[]).map(explained)
    return shown(http, { problems: all }, () => problemsPage(all))
  }

  @Get(':code')
  @Route('readProblem', {
    summary: 'One problem',
    description: 'What the `type` of every problem points to.',
    path: [{ name: 'code', description: 'The code of the problem.', example: 'REVISION_CONFLICT' }],
    answers: {
      200: { description: 'What it means and what to do.' },
      404: { description: 'There is no such problem.' },
    },
  })
  one(@Http() http: HttpExchange, @Param('code') code: string): string {
    if (!Object.hasOwn(ERRORS, code)) throw new StoreError('NOT_FOUND', 'There is no problem with this code')
    const problem = explained(code as ErrorCode)
    return shown(http, problem, () => problemPage(problem))
  }
}

function explained(code: ErrorCode) {
  const { status, title, retryable, outcome, remedy } = ERRORS[code]
  return { type: `/problems/${code}`, code, status, title, retryable, outcome, remedy }
}

function shown(http: HttpExchange, value: object, page: () => string): string {
  void http.reply.header('vary', 'Accept')
  if (!http.request.headers.accept?.includes('text/html')) {
    void http.reply.type('application/json; charset=utf-8')
    return JSON.stringify(value)
  }
  void http.reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY)
  return page()
}
