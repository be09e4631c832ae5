import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';

/** Asks the database how it is. */
@Injectable()
export class DatabaseProbe {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  /**
   * Whether the server that we are connected to is a primary of a replica set that takes writes.
   * @throws Error when it does not answer
   */
  async takesWrites(): Promise<boolean> {
    if (!this.connection.db || this.connection.readyState !== 1) throw new Error('not connected');
    const hello = await this.connection.db.admin().command({ hello: 1 });
    return hello['isWritablePrimary'] === true && typeof hello['setName'] === 'string';
  }
}
