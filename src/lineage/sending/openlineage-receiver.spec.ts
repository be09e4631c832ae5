import { describe, expect, it } from '@jest/globals';
import { eventsUrlOf } from './openlineage-receiver.js';

describe('eventsUrlOf', () => {
  it.each([
    ['https://marquez.example', 'https://marquez.example/api/v1/lineage'],
    ['https://marquez.example/', 'https://marquez.example/api/v1/lineage'],
    ['http://10.0.0.7:5000?key=a', 'http://10.0.0.7:5000/api/v1/lineage?key=a'],
    ['https://catalog.example/openlineage/events', 'https://catalog.example/openlineage/events'],
  ])('of %s is %s', (address, url) => {
    expect(eventsUrlOf(address)).toBe(url);
  });
});
