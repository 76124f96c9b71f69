// The sheet being filled in: saving while typing, keys, and pasting blocks from a spreadsheet.
// Without this file the sheet works all the same, by its buttons.
import { SheetSaving } from "./sheet_saving.js";
import { pasteAcross, pasteBlock } from "./sheet_paste.js";

const form = document.getElementById("sheet");
const answers = [...form.querySelectorAll("[name^='answer-']")];
const saver = new SheetSaving(form);
const before = new Map(); // what stood in a box when it was entered, for Esc
let lastPaste = null;

const noteOrTick = (code, kind) => form.elements[`${kind}-${code}`];

form.addEventListener("focusin", (event) => {
  if (event.target.dataset.code) before.set(event.target.name, event.target.value);
});

form.addEventListener("input", (event) => {
  const { code } = event.target.dataset;
  if (!code) return;
  const tick = noteOrTick(code, "na");
  const answer = form.elements[`answer-${code}`];
  if (event.target === tick && tick.checked) answer.value = "";
  if (event.target === answer && answer.value) tick.checked = false;
  lastPaste = null;
  saver.touch(code);
});

form.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.isComposing || event.keyCode === 229 || !box.dataset.code) return;
  if (event.ctrlKey && event.key === "z" && lastPaste) {
    event.preventDefault();
    put(lastPaste);
    lastPaste = null;
    return;
  }
  if (event.ctrlKey && event.key === "Enter") {
    event.preventDefault();
    showPast(document.querySelector(`[data-past="${box.dataset.code}"]`));
    return;
  }
  if (event.key === "F8" || event.key === "F9") {
    event.preventDefault();
    if (event.key === "F8") notApplicable(box.dataset.code);
    else roughly(form.elements[`answer-${box.dataset.code}`]);
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const writesLines = box.tagName === "TEXTAREA";
  const chooses = box.tagName === "SELECT";
  if (event.key === "Escape" && before.has(box.name)) {
    box.value = before.get(box.name);
    saver.touch(box.dataset.code);
  } else if ((event.key === "Enter" && !writesLines) || (event.key === "ArrowDown" && !writesLines && !chooses)) {
    step(event, box, 1);
  } else if (event.key === "ArrowUp" && !writesLines && !chooses) {
    step(event, box, -1);
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    sideways(event, box, event.key === "ArrowRight");
  }
});

// One key: this duty is not ours. The same key again takes it back.
function notApplicable(code) {
  const tick = noteOrTick(code, "na");
  tick.checked = !tick.checked;
  if (tick.checked) form.elements[`answer-${code}`].value = "";
  saver.touch(code);
  saver.flush();
}

// One key: about so many (约数).
function roughly(box) {
  if (box.inputMode !== "decimal" || !box.value.trim()) return;
  box.value = /^\s*约/.test(box.value) ? box.value.replace(/^\s*约\s*/, "") : `约${box.value.trim()}`;
  saver.touch(box.dataset.code);
}

// Who changed a figure and when, and earlier years', under its row; asked for only when it is wanted.
form.addEventListener("click", (event) => {
  const link = event.target.closest("[data-past]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  showPast(link);
});

async function showPast(link) {
  const code = link.dataset.past;
  const place = document.getElementById(`past-${code}`);
  if (place.childElementCount) place.replaceChildren();
  else {
    const response = await fetch(`${link.href}?piece=1`, { credentials: "same-origin" });
    if (!response.ok || response.redirected) return;
    const piece = new DOMParser().parseFromString(await response.text(), "text/html");
    place.replaceChildren(...piece.body.childNodes);
  }
  saver.uncover(code);
}

// To the box above or below in the same column.
function step(event, box, by) {
  const across = box.dataset.column ? `[data-column='${box.dataset.column}']` : "";
  const column = [...form.querySelectorAll(`[name^='${box.name.split("-")[0]}-']${across}`)];
  const next = column[column.indexOf(box) + by];
  event.preventDefault(); // Enter would send the form
  if (!next) return;
  next.focus();
  if (next.select) next.select();
}

// From the edge of the text to the box beside it in the same row; in a cross table to the cell beside.
function sideways(event, box, forward) {
  const edge = forward ? box.value.length : 0;
  const whole = box.selectionStart === 0 && box.selectionEnd === box.value.length;
  if (box.type !== "checkbox" && !whole && (box.selectionStart !== edge || box.selectionEnd !== edge)) return;
  const row = [...box.closest("tr").querySelectorAll(box.dataset.column ? "[data-column]" : "[data-code]:not([type=hidden])")];
  const next = row[row.indexOf(box) + (forward ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  if (next.select) next.select();
}

form.addEventListener("paste", (event) => {
  const box = event.target;
  const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
  if (!answers.includes(box) || box.tagName === "TEXTAREA" || !/[\t\n]/.test(text.replace(/[\r\n]+$/, ""))) return;
  event.preventDefault();
  const { cells, beyond } = box.dataset.column ? pasteAcross(text, box, answers) : pasteBlock(text, answers.slice(answers.indexOf(box)));
  lastPaste = cells.map(({ box: target }) => ({ box: target, value: target.value, ticked: noteOrTick(target.dataset.code, "na").checked }));
  put(cells);
  const scaled = cells.filter(({ value }) => /[万亿]/.test(value)).length;
  const besides = [["beyond", beyond], ["scaled", scaled]].map(([name, n]) => (n ? saver.word(name).replace("{n}", n) : ""));
  saver.told = `${saver.word("pasted")} ${cells.length} ${saver.word("cells")}${besides.join("")}`;
});

function put(cells) {
  for (const { box, value, ticked = false } of cells) {
    box.value = value;
    if (value || ticked) noteOrTick(box.dataset.code, "na").checked = ticked;
    saver.touch(box.dataset.code);
  }
  saver.flush();
}

const errors = document.getElementById("errors");
if (errors) errors.focus();
