// The demo's phone: asks for the chats every second and a half, writes and presses as a person would.

import { get, post } from "./api.js";
import { language } from "./words.js";

const page = document.querySelector(".phone-page");
const { path, edited, silent } = page.dataset;
const phone = page.querySelector(".phone");
const list = page.querySelector(".phone-chats");
const chatView = page.querySelector(".phone-chat");
const messages = page.querySelector(".phone-messages");
const state = page.querySelector(".phone-state");
const toast = page.querySelector(".phone-toast");
const form = page.querySelector(".phone-form");

const asked = new URLSearchParams(location.search);
let open = Number(asked.get("chat")) || null;
// A link of the desk brings what is to be sent; sending is the person's.
form.elements.text.value = asked.get("text") ?? "";
let shown = { list: "", chat: "", toast: null };

const time = (at) => at ? new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" }) : "";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function showChats(chats) {
  const now = JSON.stringify([chats, open]);
  if (now === shown.list) return;
  shown.list = now;
  list.replaceChildren(...chats.map((chat) => {
    const row = element("button", "phone-row");
    row.type = "button";
    row.dataset.chat = chat.id;
    if (chat.id === open) row.setAttribute("aria-current", "true");
    row.append(element("strong", "", chat.title), element("span", "phone-row-time", time(chat.at)));
    row.append(element("span", "phone-row-preview", chat.preview));
    if (chat.unread && chat.id !== open) row.append(element("span", "phone-unread", chat.unread));
    return row;
  }));
}

function key(button, message) {
  if (button.url) {
    const link = element("a", "", button.text);
    if (/^https?:/.test(button.url)) link.href = button.url;
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  }
  const made = element("button", "", button.text);
  made.type = "button";
  made.dataset.data = button.callback_data ?? "";
  made.dataset.message = message;
  return made;
}

function bubble(message, topics) {
  const item = element("li", `phone-message${message.from_bot ? "" : " mine"}`);
  const box = element("div", "phone-bubble");
  // Made by the simulated Telegram of tags it knows; everything else in it is escaped.
  box.innerHTML = message.html;
  const topic = topics.find((one) => one.id === message.topic)?.name;
  const notes = [topic && `# ${topic}`, message.silent && silent, message.edited && edited, time(message.at)];
  box.append(element("span", "phone-meta", notes.filter(Boolean).join(" · ")));
  item.append(box);
  if (message.keyboard.length) {
    const keys = element("div", "phone-keys");
    for (const row of message.keyboard) {
      const line = element("div");
      line.append(...row.map((button) => key(button, message.id)));
      keys.append(line);
    }
    item.append(keys);
  }
  return item;
}

function showChat(chat) {
  const now = JSON.stringify([chat.id, chat.title, chat.state, chat.messages]);
  if (now !== shown.chat) {
    const isNear = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80 || !shown.chat.startsWith(`[${chat.id},`);
    shown.chat = now;
    page.querySelector(".phone-name").textContent = chat.title;
    if (document.activeElement !== state) state.value = chat.state;
    messages.replaceChildren(...chat.messages.map((message) => bubble(message, chat.topics)));
    if (isNear) messages.scrollTop = messages.scrollHeight;
  }
  const number = chat.toast?.number ?? 0;
  if (shown.toast !== null && shown.toast.chat === chat.id && number > shown.toast.number) {
    toast.textContent = chat.toast.text;
    toast.hidden = false;
    setTimeout(() => { toast.hidden = true; }, chat.toast.alert ? 6000 : 3000);
  }
  shown.toast = { chat: chat.id, number };
}

async function refresh() {
  try {
    const { chats } = await get(`${path}/chats/`);
    if (open === null && matchMedia("(min-width: 641px)").matches) open = chats[0]?.id ?? null;
    chatView.hidden = open === null;
    phone.classList.toggle("has-chat", open !== null);
    if (open !== null) showChat(await get(`${path}/chats/${open}/`));
    showChats(chats);
  } catch { /* The desk is away: the next round asks again. */ }
}

async function send(rest, body) {
  await post(`${path}/chats/${open}/${rest}/`, body).catch(() => {});
  await refresh();
  setTimeout(refresh, 300);
}

list.addEventListener("click", (event) => {
  const row = event.target.closest("[data-chat]");
  if (!row) return;
  open = Number(row.dataset.chat);
  refresh();
});
messages.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-data]");
  if (button) send("presses", { message: Number(button.dataset.message), data: button.dataset.data });
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = form.elements.text.value.trim();
  if (!text) return;
  form.elements.text.value = "";
  send("messages", { text });
});
state.addEventListener("change", () => send("state", { state: state.value }));
page.querySelector(".phone-back").addEventListener("click", () => { open = null; refresh(); });

refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
