// Numbers, money, dates and ranges as look.md writes them. Everything a script shows passes through here.

import { language, word, wordIfAny } from "./words.js";

const NO_BREAK = "\u00a0";
const MINUS = "\u2212";
const MISSING = "—";
const isEnglish = language === "en";
const group = isEnglish ? "," : NO_BREAK;
const point = isEnglish ? "." : ",";
const beforeUnit = isEnglish ? "" : NO_BREAK;

const symbols = { USD: "$", EUR: "€", UAH: "₴", RUB: "₽", KZT: "₸", PLN: "zł" };
const symbolsAfterNumber = new Set(["PLN"]);

const isMissing = (value) => value === null || value === undefined || !Number.isFinite(value);

function digits(value, decimals) {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  return fraction ? grouped + point + fraction : grouped;
}

// What rounds to zero has no sign.
const isNegative = (value, decimals) => value < 0 && Number(Math.abs(value).toFixed(decimals)) !== 0;

function sign(value, decimals, showsPlus = false) {
  if (isNegative(value, decimals)) return MINUS;
  return showsPlus && Number(value.toFixed(decimals)) > 0 ? "+" : "";
}

export function number(value, decimals = 0) {
  return isMissing(value) ? MISSING : sign(value, decimals) + digits(value, decimals);
}

/** `value` in percent: 19.1 → "19.1%". */
export function percent(value, decimals = 0, { showsPlus = false } = {}) {
  if (isMissing(value)) return MISSING;
  return sign(value, decimals, showsPlus) + digits(value, decimals) + beforeUnit + "%";
}

/** `currency` is an ISO code; null leaves the bare number. */
export function money(value, currency, decimals = 0) {
  if (isMissing(value)) return MISSING;
  const minus = sign(value, decimals);
  const amount = digits(value, decimals);
  if (!currency) return minus + amount;
  const symbol = symbols[currency];
  const isAfter = !isEnglish || !symbol || symbolsAfterNumber.has(currency);
  return isAfter ? minus + amount + NO_BREAK + (symbol ?? currency) : minus + symbol + amount;
}

const two = (value) => String(value).padStart(2, "0");

export function clock(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "14:46:31" */
export function clockWithSeconds(date) {
  return `${clock(date)}:${two(date.getSeconds())}`;
}

/** "21 Nov, 14:46:31" */
export function moment(date) {
  return `${day(date)}, ${clockWithSeconds(date)}`;
}

function month(date) {
  return word(`month.${date.getMonth() + 1}`);
}

export function day(date) {
  return `${date.getDate()}${NO_BREAK}${month(date)}`;
}

/** "21 Nov 2026, 14:32" */
export function dateAndTime(date) {
  return `${day(date)} ${date.getFullYear()}, ${clock(date)}`;
}

const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

/** As short as is still clear: "14:32" today, "Tue 17:20" within a week, then "12 Nov", then with its year. */
export function recent(date, now = new Date()) {
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000);
  if (days === 0) return clock(date);
  if (days > 0 && days < 7) return `${word(`weekday.${date.getDay()}`)}${NO_BREAK}${clock(date)}`;
  return date.getFullYear() === now.getFullYear() ? day(date) : `${day(date)} ${date.getFullYear()}`;
}

/** "2 min", "3 h", "4 d" */
export function age(date, now = new Date()) {
  const minutes = Math.max(0, Math.floor((now - date) / 60_000));
  if (minutes < 1) return word("age.now");
  if (minutes < 60) return word("age.minutes", { count: minutes });
  if (minutes < 60 * 48) return word("age.hours", { count: Math.floor(minutes / 60) });
  return word("age.days", { count: number(Math.floor(minutes / 1440)) });
}

/** "15–21 Nov", "28 Oct – 3 Nov", "21 Nov"; a year only where it is not this one. */
export function range(from, to, now = new Date()) {
  const year = to.getFullYear() === now.getFullYear() && from.getFullYear() === to.getFullYear() ? "" : ` ${to.getFullYear()}`;
  if (startOfDay(from).getTime() === startOfDay(to).getTime()) return day(from) + year;
  if (from.getFullYear() !== to.getFullYear()) return `${day(from)} ${from.getFullYear()} – ${day(to)}${year}`;
  if (from.getMonth() !== to.getMonth()) return `${day(from)} – ${day(to)}${year}`;
  return `${from.getDate()}–${day(to)}${year}`;
}

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The city that names the browser's zone: "Kyiv". */
export function zoneName() {
  const city = timeZone.split("/").pop();
  return wordIfAny(`zone.${city.toLowerCase()}`) ?? city.replaceAll("_", " ");
}
