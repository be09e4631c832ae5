import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { leaseModel } from './lease.schema.js';
import { LeaseStore } from './lease.store.js';

/** Provides the leases by which replicas agree on who does what. */
@Module({
  imports: [MongooseModule.forFeature([leaseModel])],
  providers: [LeaseStore],
  exports: [LeaseStore],
})
export class LeaseModule {}
