// <time datetime> comes with a UTC text; here it becomes the browser's own time.

import { age, clock, clockWithSeconds, dateAndTime, moment, recent } from "./format.js";

const styles = { age, clock, moment, recent, seconds: clockWithSeconds };

function show(time) {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.getTime())) return;
  const style = time.dataset.style;
  time.textContent = (styles[style] ?? dateAndTime)(date);
  if (style) time.title = dateAndTime(date);
}

export function localiseTimes(root = document) {
  root.querySelectorAll("time[datetime]").forEach(show);
}

/** Ages grow by themselves. */
export function keepAgesFresh() {
  setInterval(() => document.querySelectorAll('time[data-style="age"]').forEach(show), 30_000);
}
