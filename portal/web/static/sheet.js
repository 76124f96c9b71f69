// The sheet being filled in: saving while typing, keys, and pasting blocks from a spreadsheet.
// Without this file the sheet works all the same, by its buttons.
import { Saver } from "./sheet_saving.js";
import { pasteBlock } from "./sheet_paste.js";

const form = document.getElementById("sheet");
const answers = [...form.querySelectorAll("[name^='answer-']")];
const saver = new Saver(form, document.getElementById("save-state"));
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

form.addEventListener("change", () => saver.flush());
form.addEventListener("submit", () => saver.handOver());

form.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.isComposing || event.keyCode === 229 || !box.dataset.code) return;
  if (event.ctrlKey && event.key === "z" && lastPaste) {
    event.preventDefault();
    put(lastPaste);
    lastPaste = null;
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
  }
});

// To the box above or below in the same column.
function step(event, box, by) {
  const column = [...form.querySelectorAll(`[name^='${box.name.split("-")[0]}-']`)];
  const next = column[column.indexOf(box) + by];
  event.preventDefault(); // Enter would send the form
  if (!next) return;
  next.focus();
  if (next.select) next.select();
}

form.addEventListener("paste", (event) => {
  const box = event.target;
  const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
  if (!answers.includes(box) || box.tagName === "TEXTAREA" || !/[\t\n]/.test(text.replace(/[\r\n]+$/, ""))) return;
  event.preventDefault();
  const cells = pasteBlock(text, answers.slice(answers.indexOf(box)));
  lastPaste = cells.map(({ box: target }) => ({ box: target, value: target.value }));
  put(cells);
  saver.say(`${saver.word("pasted")} ${cells.length} ${saver.word("cells")}`);
});

function put(cells) {
  for (const { box, value } of cells) {
    box.value = value;
    if (value) noteOrTick(box.dataset.code, "na").checked = false;
    saver.touch(box.dataset.code);
  }
  saver.flush();
}

const errors = document.getElementById("errors");
if (errors) errors.focus();
