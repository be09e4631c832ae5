import { Controller, Get, Header, HttpCode, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../common/http/api-problems.js';
import { RouteUnknownError } from '../../common/errors/request.errors.js';
import { Public } from '../access.decorators.js';
import type { PublicJwk } from './embedded-issuer.js';
import { EMBEDDED_ISSUER, type OptionalIssuer } from './optional-issuer.js';

const path = '/.well-known/jwks.json';

/** The public key of the embedded issuer, for others who want to verify its tokens. */
@ApiTags('auth')
@Controller()
export class JwksController {
  constructor(@Inject(EMBEDDED_ISSUER) private readonly issuer: OptionalIssuer) {}

  /** @throws RouteUnknownError where an identity provider issues the tokens: its own set counts */
  @Public()
  @Get(path)
  @HttpCode(200)
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'Public key set of the embedded issuer', operationId: 'getJwks' })
  @ApiOkResponse({
    description: 'A JWK set (RFC 7517)',
    schema: { type: 'object', required: ['keys'], properties: { keys: { type: 'array', items: { type: 'object' } } } },
  })
  @ApiProblems(404)
  jwks(): { keys: PublicJwk[] } {
    if (!this.issuer) throw new RouteUnknownError(path);
    return { keys: [this.issuer.jwk] };
  }
}
