// Describes a route: its name in generated clients, what it does, what stands in its path, and its answers when all is well.
import { applyDecorators, HttpCode } from '@nestjs/common'
import {
  ApiOperation,
  ApiParam,
  type ApiParamOptions,
  ApiResponse,
  type ApiResponseNoStatusOptions,
} from '@nestjs/swagger'

interface RouteFacts {
  readonly summary: string
  readonly description: string
  /** What stands in the path. */
  readonly path?: readonly ApiParamOptions[]
  /** By status. Where only one says that all went well, the route answers with it; among several the handler chooses. */
  readonly answers: Readonly<Record<number, ApiResponseNoStatusOptions>>
}

/** `operationId` is a verb and its noun. Generated clients name their functions by it, so it must not change. */
export function Route(operationId: string, { path = [], answers, ...said }: RouteFacts): MethodDecorator {
  const statuses = Object.keys(answers).map(Number)
  const good = statuses.filter(status => status < 300)
  return applyDecorators(
    ApiOperation({ operationId, ...said }),
    ...path.map(parameter => ApiParam(parameter)),
    ...statuses.map(status => ApiResponse({ status, ...answers[status] })),
    ...(good.length === 1 ? [HttpCode(good[0] as number)] : []),
  )
}
