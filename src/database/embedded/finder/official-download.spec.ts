import { describe, expect, it } from '@jest/globals';
import { libraryEnvironment } from './official-download.js';

describe('libraryEnvironment', () => {
  it('has certificates and checksums checked and does not retry', () => {
    expect(libraryEnvironment({})).toMatchObject({ npm_config_strict_ssl: 'true', MONGOMS_MD5_CHECK: 'true', MONGOMS_MAX_RETRIES: '1' });
  });

  it('keeps proxies and mirrors, and nothing that would answer with another program', () => {
    const env = libraryEnvironment({
      https_proxy: 'http://proxy:3128',
      MONGOMS_DOWNLOAD_MIRROR: 'https://mirror.example',
      MONGOMS_SYSTEM_BINARY: '/usr/bin/mongod',
      MONGOMS_DOWNLOAD_DIR: '/elsewhere',
      MONGOMS_VERSION: '4.4.0',
    });
    expect(env).toMatchObject({ https_proxy: 'http://proxy:3128', MONGOMS_DOWNLOAD_MIRROR: 'https://mirror.example' });
    expect(Object.keys(env)).not.toContain('MONGOMS_SYSTEM_BINARY');
    expect(Object.keys(env)).not.toContain('MONGOMS_DOWNLOAD_DIR');
    expect(Object.keys(env)).not.toContain('MONGOMS_VERSION');
  });
});
