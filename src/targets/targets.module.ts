import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ActiveWorkRegistry, TargetOutcomes } from './target-rows.js';
import { TargetsCompatController } from './targets.compat.controller.js';
import { TargetsController } from './targets.controller.js';
import { targetModel } from './targets.schema.js';
import { TargetsReader } from './targets.service.js';
import { TargetsStore } from './targets.store.js';

/** Target rows with both of their surfaces. */
@Module({
  imports: [MongooseModule.forFeature([targetModel])],
  controllers: [TargetsCompatController, TargetsController],
  providers: [TargetsStore, TargetsReader, TargetOutcomes, ActiveWorkRegistry],
  exports: [TargetsReader, TargetOutcomes, ActiveWorkRegistry],
})
export class TargetsModule {}
