// A list table being filled in: rows saved while typing, keys, rows added, and blocks pasted from a spreadsheet.
// Without this file the list works all the same, by its buttons and the blank rows at its end.
import { tidy } from "./sheet_paste.js";
import { askToSignIn } from "./sign_in_again.js";

const TYPING_PAUSE = 800; // milliseconds after the last key
const RETRY = 5000;

const form = document.getElementById("list");
const body = document.getElementById("rows");
const state = document.getElementById("save-state");
const severityNames = JSON.parse(document.getElementById("severity-names").textContent);
const pattern = [body.querySelector("tr[data-row]:nth-last-of-type(2)"), body.lastElementChild].map((row) => row.cloneNode(true));
const patternNumber = pattern[0].dataset.row;
const dirty = new Set();
const contests = new Map(); // rows that somebody else changed meanwhile: what stands there now
let following = Number(form.dataset.following);
let sending = null;
let handedOver = false;
let timer = null;

const boxes = (number) => [...body.querySelectorAll(`[data-column][data-row="${number}"]`)];
const version = (number) => form.elements[`version-${number}`];
const numbers = () => [...body.querySelectorAll("tr[data-row]")].map((row) => row.dataset.row);

function say(text, failed = false) {
  state.textContent = text;
  state.classList.toggle("failed", failed);
}

function read(number) {
  const cells = Object.fromEntries(boxes(number).map((box) => [box.dataset.column, box.value]));
  return { cells, row_version: version(number).value };
}

const same = (one, other) => Object.entries(one.cells).every(([column, text]) => text === other.cells[column]);

function remember() {
  const kept = Object.fromEntries([...dirty, ...contests.keys()].map((number) => [number, read(number)]));
  if (Object.keys(kept).length) localStorage.setItem(form.dataset.queue, JSON.stringify(kept));
  else localStorage.removeItem(form.dataset.queue);
}

function touch(number) {
  if (!contests.has(number)) {
    dirty.add(number);
    later(TYPING_PAUSE);
  }
  remember();
}

function later(pause) {
  clearTimeout(timer);
  timer = setTimeout(flush, pause);
}

// Save what is not saved yet; the promise tells whether the server took it or said why not.
function flush() {
  clearTimeout(timer);
  if (!sending && !handedOver && dirty.size) sending = attempt();
  return sending;
}

async function attempt() {
  let answered = false;
  const rows = Object.fromEntries([...dirty].map((number) => [number, read(number)]));
  say(state.dataset.saving);
  try {
    answered = await send(rows);
  } catch {
    say(`${dirty.size} ${state.dataset.failed}`, true);
    later(RETRY);
  } finally {
    sending = null;
  }
  if ([...dirty].some((number) => !rows[number] || !same(read(number), rows[number]))) later(TYPING_PAUSE);
  return answered;
}

async function send(rows) {
  const response = await fetch(form.dataset.autosave, {
    method: "PATCH",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.dataset.token },
    body: JSON.stringify({ rows }),
    credentials: "same-origin",
  });
  const answer = await response.json();
  if (response.status >= 500) throw new Error(answer.detail);
  if (response.status === 401 || answer.code === "csrf") {
    say(state.dataset.stopped, true);
    askToSignIn(form, flush);
    return false;
  }
  if (response.ok) saved(rows, answer);
  else if (response.status === 409 && answer.rows) contested(answer);
  else say(answer.detail, true);
  return true;
}

function saved(rows, answer) {
  let wrong = 0;
  for (const [number, sent] of Object.entries(rows)) {
    const problems = answer.problems[number] || {};
    wrong += Object.keys(problems).length;
    if (same(read(number), sent)) dirty.delete(number);
    version(number).value = answer.versions[number] || 0;
    for (const box of boxes(number)) problem(box, problems[box.dataset.column] || "");
    if (!dirty.has(number) && answer.rows[number]) settle(number, answer.rows[number].cells, problems);
  }
  show(answer);
  remember();
  if (wrong) say(`${wrong} ${state.dataset.refused}`, true);
  else say(`${state.dataset.saved} ${answer.saved_at}`);
}

// What the server made of the answers: 2023年5月1日 has become 2023-05-01. What it refused stays in its box.
function settle(number, cells, problems = {}) {
  for (const box of boxes(number)) if (!problems[box.dataset.column]) box.value = cells[box.dataset.column] || "";
}

function show({ rows, remarks }) {
  document.getElementById("about-list").replaceChildren(...remarks.map(remark));
  let place = 0;
  for (const number of numbers()) {
    const line = document.getElementById(`row-${number}`);
    const under = document.getElementById(`under-${number}`);
    const row = rows[number];
    if (row) line.querySelector(".place").textContent = place += 1;
    under.querySelector(".told").replaceChildren(...(row ? row.remarks : []).map(remark));
    under.hidden = !under.textContent.trim();
    const invalid = line.querySelector("[aria-invalid]") || contests.has(number);
    line.className = invalid ? "has-blocking" : row && row.worst ? `has-${row.worst}` : "";
  }
  const nothing = document.getElementById("nothing");
  if (nothing) nothing.hidden = place > 0;
}

function problem(box, text) {
  const told = document.getElementById(`problem-${box.id}`);
  told.textContent = text;
  if (text) {
    box.setAttribute("aria-invalid", "true");
    box.setAttribute("aria-describedby", told.id);
  } else {
    box.removeAttribute("aria-invalid");
    box.removeAttribute("aria-describedby");
  }
}

// Somebody else changed the same rows: show theirs, keep mine, and let the person choose.
function contested(answer) {
  for (const [number, theirs] of Object.entries(answer.rows)) {
    dirty.delete(number);
    contests.set(number, theirs);
    const under = document.getElementById(`under-${number}`);
    const told = under.querySelector(".theirs");
    told.replaceChildren(theirs.theirs, " ", choice("mine", () => decide(number, true)), " ", choice("other", () => decide(number, false)));
    under.hidden = false;
    document.getElementById(`row-${number}`).className = "has-blocking";
  }
  remember();
  say(answer.detail, true);
  if (dirty.size) later(TYPING_PAUSE);
}

function choice(name, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small";
  button.textContent = state.dataset[name];
  button.addEventListener("click", act);
  return button;
}

function decide(number, mine) {
  const theirs = contests.get(number);
  contests.delete(number);
  version(number).value = theirs.row_version;
  const under = document.getElementById(`under-${number}`);
  under.querySelector(".theirs").replaceChildren();
  under.hidden = !under.textContent.trim();
  if (mine) touch(number);
  else {
    settle(number, theirs.cells);
    document.getElementById(`row-${number}`).className = "";
    remember();
    say(state.dataset.idle);
  }
  flush();
}

function remark({ severity, message }) {
  const line = document.createElement("span");
  line.className = `remark remark-${severity}`;
  const name = document.createElement("strong");
  name.textContent = severityNames[severity];
  line.append(name, message);
  return line;
}

// A blank row at the end, like those the page came with, under the next number that nobody has begun.
function addRow() {
  const number = following;
  following += 1;
  for (const each of pattern) {
    const row = each.cloneNode(true);
    const holder = document.createElement("tbody");
    holder.append(row);
    for (const one of holder.querySelectorAll("*")) {
      for (const name of ["id", "name", "aria-describedby"]) {
        const text = one.getAttribute(name);
        if (text) one.setAttribute(name, text.replace(`-${patternNumber}`, `-${number}`));
      }
      if (one.dataset.row) one.dataset.row = number;
      if (one.matches("input[type=hidden]")) one.value = 0;
      if (one.matches("textarea, input[type=text], select")) one.value = "";
    }
    body.append(row);
  }
  return String(number);
}

const addButton = document.getElementById("add-row");
addButton.hidden = false;
addButton.addEventListener("click", () => boxes(addRow())[0].focus());

form.addEventListener("input", (event) => {
  if (event.target.dataset.column) touch(event.target.dataset.row);
});
form.addEventListener("change", (event) => {
  if (event.target.dataset.column) flush();
});
// What is saved already need not be sent once more: a long list is larger than a form may be.
form.addEventListener("formdata", ({ formData }) => {
  for (const number of numbers()) {
    const open = dirty.has(number) || contests.has(number) || boxes(number).some((box) => box.hasAttribute("aria-invalid"));
    if (open || formData.has(`drop-${number}`)) continue;
    formData.delete(`version-${number}`);
    for (const box of boxes(number)) formData.delete(box.name);
  }
});

// First what the list holds is saved the usual way: a session that is over would swallow it.
form.addEventListener("submit", async (event) => {
  if (handedOver) return;
  if (sending || dirty.size) {
    event.preventDefault();
    await sending;
    if (dirty.size && !(await flush())) return;
  }
  handedOver = true;
  clearTimeout(timer);
  localStorage.removeItem(form.dataset.queue);
  if (event.defaultPrevented) form.requestSubmit(event.submitter);
});

form.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.isComposing || event.keyCode === 229 || !box.dataset.column || event.altKey || event.metaKey) return;
  const plain = !event.ctrlKey && box.tagName !== "TEXTAREA";
  const arrows = event.ctrlKey || (plain && box.tagName !== "SELECT");
  if ((event.key === "Enter" && plain) || (event.key === "ArrowDown" && arrows)) step(event, box, 1);
  else if (event.key === "ArrowUp" && arrows) step(event, box, -1);
});

// To the row above or below in the same column; down from the last row a new one begins.
function step(event, box, by) {
  event.preventDefault(); // Enter would send the form
  const all = numbers();
  const place = all.indexOf(box.dataset.row) + by;
  if (place < 0) return;
  const target = boxes(place < all.length ? all[place] : addRow()).find((each) => each.dataset.column === box.dataset.column);
  target.focus();
  if (target.select) target.select();
}

// A block copied from a spreadsheet lies over the cells as it lay there, from the box on; rows are added as needed.
form.addEventListener("paste", (event) => {
  const box = event.target;
  const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
  const block = cellsOf(text);
  if (!box.dataset.column || (block.length === 1 && block[0].length === 1)) return;
  event.preventDefault();
  let count = 0;
  let place = numbers().indexOf(box.dataset.row);
  const first = boxes(box.dataset.row).indexOf(box);
  for (const row of block) {
    const number = numbers()[place] || addRow();
    boxes(number).slice(first, first + row.length).forEach((target, index) => {
      target.value = fitting(target, row[index]);
      count += 1;
    });
    touch(number);
    place += 1;
  }
  flush();
  say(`${state.dataset.pasted} ${count} ${state.dataset.cells}`);
});

// Rows and cells of what was copied; a cell in quotes may hold line ends, and doubled quotes.
function cellsOf(text) {
  const rows = [[]];
  const cells = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/gy;
  for (let match = cells.exec(text); match; match = cells.exec(text)) {
    rows[rows.length - 1].push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (!match[3] || cells.lastIndex === text.length) break;
    if (match[3] !== "\t") rows.push([]);
  }
  return rows;
}

// A list to choose from takes only what it offers; anything else would show as empty.
function fitting(box, text) {
  if (box.tagName === "TEXTAREA") return text.trim();
  const value = tidy(text);
  if (box.tagName !== "SELECT") return value;
  return [...box.options].some((option) => option.value === value) ? value : box.value;
}

window.addEventListener("online", flush);
window.addEventListener("beforeunload", (event) => {
  if ((dirty.size || contests.size) && !handedOver) event.preventDefault();
});

// What an earlier page could not save comes back, with the row versions seen then: nobody is overwritten unawares.
for (const [number, row] of Object.entries(JSON.parse(localStorage.getItem(form.dataset.queue) || "{}"))) {
  while (!version(number) && Number(number) >= following) addRow();
  if (!version(number)) continue;
  for (const box of boxes(number)) box.value = row.cells[box.dataset.column] || "";
  version(number).value = row.row_version;
  dirty.add(number);
}
say(state.dataset.idle);
if (dirty.size) flush();
const errors = document.getElementById("errors");
if (errors) errors.focus();
