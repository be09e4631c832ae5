import type { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';

/** How busy the pool of connections is: operations that hold a connection, and operations that wait for one. */
export interface PoolCounts {
  readonly inUse: number;
  readonly waiting: number;
}

/** Counts the use of the connection pool from the driver's own events. A full pool shows as waiting operations long before they fail. */
@Injectable()
export class PoolUse {
  private inUse = 0;
  private waiting = 0;

  constructor(@InjectConnection() connection: Connection) {
    connection.on('open', () => this.watch(connection.getClient()));
  }

  get counts(): PoolCounts {
    return { inUse: this.inUse, waiting: this.waiting };
  }

  /** Operations that were under way when the watching began end without having been counted, hence never below zero. */
  private watch(client: EventEmitter): void {
    this.inUse = 0;
    this.waiting = 0;
    const leave = (): number => (this.waiting = Math.max(0, this.waiting - 1));
    client.on('connectionCheckOutStarted', () => this.waiting++);
    client.on('connectionCheckOutFailed', leave);
    client.on('connectionCheckedOut', () => {
      leave();
      this.inUse++;
    });
    client.on('connectionCheckedIn', () => (this.inUse = Math.max(0, this.inUse - 1)));
  }
}
