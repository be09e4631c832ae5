import mongoose from 'mongoose';
import { SettingsError } from '../config/settings.js';

/**
 * Lets the driver read an address of MongoDB, with all options in it, as it does when it connects. Nothing is connected.
 * @throws SettingsError when the driver cannot use it; the message holds neither user nor password
 */
export function assertAddressUsable(url: string): void {
  try {
    new mongoose.mongo.MongoClient(url);
  } catch (error) {
    throw new SettingsError([`MONGODB_URL has an option that the database driver cannot use: ${(error as Error).message}`]);
  }
}
