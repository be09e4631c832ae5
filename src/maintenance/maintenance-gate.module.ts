import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { MaintenanceGate } from './maintenance-gate.js';
import { maintenanceModel } from './maintenance.schema.js';
import { MaintenanceStore } from './maintenance.store.js';

/** The question whether work may be handed out, alone: it depends on no other feature, so that jobs may ask it. */
@Module({
  imports: [MongooseModule.forFeature([maintenanceModel])],
  providers: [MaintenanceStore, MaintenanceGate],
  exports: [MongooseModule, MaintenanceStore, MaintenanceGate],
})
export class MaintenanceGateModule {}
