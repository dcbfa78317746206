'use strict';

const DAY_MS = 24 * 60 * 60 * 1000;
const CUT_OFF_HOUR_UTC = 14;

function isWeekend(date) {
  const day = date.getUTCDay();
  return day === 0 || day === 6;
}

function nextWorkingDay(date) {
  let next = new Date(date.getTime() + DAY_MS);
  while (isWeekend(next)) {
    next = new Date(next.getTime() + DAY_MS);
  }
  return next;
}

function estimateDelivery({ placedAt, transitDays }) {
  let day = new Date(placedAt);
  if (isWeekend(day) || day.getUTCHours() >= CUT_OFF_HOUR_UTC) {
    day = nextWorkingDay(day);
  }
  for (let count = 0; count < transitDays; count += 1) {
    day = nextWorkingDay(day);
  }
  return day.toISOString().slice(0, 10);
}

module.exports = { estimateDelivery };
