import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { adminTokenPath, adminTokenSeconds, ensureAdminToken } from './admin-token.js';
import { EMBEDDED_ISSUER, type OptionalIssuer } from './optional-issuer.js';

const longestPauseMs = 60_000;

/** Keeps `DATA_DIR/admin-token` usable: written at start, looked at every minute, or more often when tokens live shorter than that. Does nothing where an identity provider issues the tokens. */
@Injectable()
export class AdminTokenTask implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Auth');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(EMBEDDED_ISSUER) private readonly issuer: OptionalIssuer,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.issuer) return;
    if (this.settings.mongodbUrl) {
      this.logger.warn('JWKS_URL is not set: tokens come from the key under DATA_DIR, which fits a single replica only.');
    }
    await this.look();
    const pauseMs = Math.min(longestPauseMs, adminTokenSeconds(this.settings.jwtMaxAgeSeconds) * 125); // an eighth of its life
    this.timer = setInterval(() => void this.lookAgain(), pauseMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (!this.issuer) return;
    const { dataDir, jwtMaxAgeSeconds } = this.settings;
    const written = await ensureAdminToken({ dataDir, issuer: this.issuer, maxAgeSeconds: jwtMaxAgeSeconds });
    if (written) this.logger.log(`A new admin token was written to ${adminTokenPath(dataDir)}.`);
  }

  private async lookAgain(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.logger.error(`The admin token cannot be renewed: ${(error as Error).message}`);
    }
  }
}
