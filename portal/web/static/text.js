// A section of the text being written: saved while typing, counted, and never lost. Without this file the buttons do.
import { askToSignIn } from "./sign_in_again.js";

const TYPING_PAUSE = 1500; // milliseconds after the last key
const RETRY = 5000;

const form = document.getElementById("writing");
const box = document.getElementById("words");
const state = document.getElementById("save-state");
const count = document.getElementById("count");
const contest = document.getElementById("contest");
const { queue } = form.dataset;
let saved = box.value;
let timer = null;
let sending = null;
let handedOver = false;
let theirs = null;

const say = (name, more = "", failed = false) => {
  state.textContent = `${state.dataset[name]}${more}`;
  state.classList.toggle("failed", failed);
};

const counted = () => {
  count.textContent = `${box.value.replace(/\s/g, "").length} ${count.dataset.unit}`;
};

function remember() {
  if (box.value === saved) localStorage.removeItem(queue);
  else localStorage.setItem(queue, JSON.stringify({ words: box.value, row_version: form.elements.row_version.value }));
}

function later(delay) {
  clearTimeout(timer);
  timer = setTimeout(flush, delay);
}

// Save what is not saved yet; the promise is kept once it is, or cannot be.
function flush() {
  clearTimeout(timer);
  if (!sending && !theirs && box.value !== saved) sending = attempt();
  return sending;
}

async function attempt() {
  const words = box.value;
  say("saving");
  try {
    await send(words);
  } catch {
    say("failed", "", true);
    later(RETRY);
  } finally {
    sending = null;
  }
  if (!theirs && saved === words && box.value !== words) later(TYPING_PAUSE);
}

async function send(words) {
  const response = await fetch(form.dataset.autosave, {
    method: "PATCH",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.dataset.token },
    body: JSON.stringify({ words, row_version: form.elements.row_version.value }),
    credentials: "same-origin",
  });
  const body = await response.json();
  if (response.ok) {
    saved = words;
    form.elements.row_version.value = body.row_version;
    remember();
    say("saved", ` ${body.saved_at}`);
  } else if (response.status === 409 && body.theirs) contested(body.theirs, body.detail);
  else if (response.status === 401 || body.code === "csrf") {
    say("stopped", "", true);
    askToSignIn(form, flush);
  }
  else if (response.status >= 500) throw new Error(body.detail);
  else {
    state.textContent = body.detail;
    state.classList.add("failed");
  }
}

// Somebody else wrote here meanwhile: both texts stand side by side until the person has chosen.
function contested(other, detail) {
  theirs = other;
  contest.querySelector("strong").textContent = other.who;
  contest.querySelector(".prose").textContent = other.words;
  contest.hidden = false;
  state.textContent = detail;
  state.classList.add("failed");
}

contest.addEventListener("click", (event) => {
  const { choice } = event.target.dataset;
  if (!choice) return;
  form.elements.row_version.value = theirs.row_version;
  saved = theirs.words;
  if (choice === "other") box.value = theirs.words;
  if (choice === "both") box.value = `${box.value}\n\n${theirs.words}`;
  theirs = null;
  contest.hidden = true;
  counted();
  remember();
  if (box.value === saved) say("idle");
  flush();
  box.focus();
});

box.addEventListener("input", () => {
  counted();
  remember();
  later(TYPING_PAUSE);
});
box.addEventListener("blur", flush);

// What is pasted from a word processor comes in as it will be kept: paragraphs, and nothing that cannot be seen. The
// server does the same (portal/domain/prose.py). Inserted as if it were typed, it can be undone.
box.addEventListener("paste", (event) => {
  const pasted = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
  const plain = plainProse(pasted);
  if (plain === pasted) return;
  event.preventDefault();
  document.execCommand("insertText", false, plain);
});

function plainProse(text) {
  return text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n")
    .replace(/[\uf000-\uf0ff][\t ]*/g, "• ")
    .replace(/[\t\u00a0\u1680\u2000-\u200a\u202f\u205f]/g, " ")
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "")
    .replace(/ +$/gm, "")
    .replace(/\n{3,}/g, "\n\n");
}
// The form itself is sent once its words are saved the usual way: a session that is over would swallow them.
form.addEventListener("submit", async (event) => {
  if (handedOver || (!sending && box.value === saved)) return;
  event.preventDefault();
  await sending;
  await flush();
  if (box.value !== saved) return;
  handedOver = true;
  form.requestSubmit(event.submitter);
});
window.addEventListener("online", flush);
window.addEventListener("beforeunload", (event) => {
  if (box.value !== saved) event.preventDefault();
});

// What an earlier page could not save comes back, with the row version seen then: nobody is overwritten unawares.
const kept = JSON.parse(localStorage.getItem(queue) || "null");
if (kept) {
  box.value = kept.words;
  form.elements.row_version.value = kept.row_version;
  flush();
} else say("idle");
counted();
const errors = document.getElementById("errors");
if (errors) errors.focus();
