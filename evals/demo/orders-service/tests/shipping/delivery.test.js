'use strict';

const { estimateDelivery } = require('../../src/shipping/delivery');

test.each([
  ['a morning order leaves the same day', '2026-03-10T09:00:00Z', 2, '2026-03-12'],
  ['an order after the cut-off leaves the next day', '2026-03-10T14:00:00Z', 2, '2026-03-13'],
  ['a Friday evening order leaves on Monday', '2026-03-13T18:00:00Z', 2, '2026-03-18'],
  ['transit does not count the weekend', '2026-03-12T09:00:00Z', 4, '2026-03-18'],
])('%s', (name, placedAt, transitDays, deliverBy) => {
  expect(estimateDelivery({ placedAt: new Date(placedAt), transitDays })).toBe(deliverBy);
});
