import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { MaintenanceClock } from './maintenance-clock.js';
import { MaintenanceGate } from './maintenance-gate.js';
import { maintenanceModel } from './maintenance.schema.js';
import { MaintenanceStore } from './maintenance.store.js';

/** The questions of other features, alone: it depends on no other feature, so that jobs may ask them. */
@Module({
  imports: [MongooseModule.forFeature([maintenanceModel])],
  providers: [MaintenanceStore, MaintenanceGate, MaintenanceClock],
  exports: [MongooseModule, MaintenanceStore, MaintenanceGate, MaintenanceClock],
})
export class MaintenanceGateModule {}
