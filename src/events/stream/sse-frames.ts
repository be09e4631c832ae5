import { cloudEventOf } from '../cloud-event.js';
import { publicType } from '../event-types.js';
import type { StoredEvent } from '../events.schema.js';

/** How long a reader waits before it connects again, in milliseconds. */
const retryMs = 3_000;

const frame = (text: string): Buffer => Buffer.from(`${text}\n\n`);

/** First frame of a stream. */
export const openingFrame = frame(`retry: ${retryMs}\n: open`);

/** An event; its data is one line, since JSON has no bare line ends. */
export const eventFrame = (event: StoredEvent): Buffer =>
  frame(`id: ${event.seq}\nevent: ${publicType(event.type)}\ndata: ${JSON.stringify(cloudEventOf(event))}`);

/** What was asked for is not kept: the reader loads its lists again and goes on from here. */
export const resetFrame = (latestSeq: number): Buffer => frame(`id: ${latestSeq}\nevent: reset\ndata: ${JSON.stringify({ latestSeq })}`);

/** A sign of life that moves the reader's place behind events that its filter left out; dispatches nothing. */
export const heartbeatFrame = (lastSeq: number): Buffer => frame(`: alive\nid: ${lastSeq}`);

/** The process stops; another one goes on from here. */
export const goodbyeFrame = (lastSeq: number): Buffer => frame(`id: ${lastSeq}\nevent: goodbye\ndata: {"reason":"shutdown"}`);
