// A list table being filled in: rows saved while typing, keys, rows added, and blocks pasted from a spreadsheet.
// Without this file the list works all the same, by its buttons and the blank rows at its end.
import { Saving, remark } from "./saving.js";
import { tidy } from "./sheet_paste.js";

const form = document.getElementById("list");
const body = document.getElementById("rows");
const pattern = [body.querySelector("tr[data-row]:nth-last-of-type(2)"), body.lastElementChild].map((row) => row.cloneNode(true));
const patternNumber = pattern[0].dataset.row;
let following = Number(form.dataset.following);

const boxes = (number) => [...body.querySelectorAll(`[data-column][data-row="${number}"]`)];
const numbers = () => [...body.querySelectorAll("tr[data-row]")].map((row) => row.dataset.row);

class ListSaving extends Saving {
  version(number) {
    return form.elements[`version-${number}`];
  }

  read(number) {
    const cells = Object.fromEntries(boxes(number).map((box) => [box.dataset.column, box.value]));
    return { cells, row_version: this.version(number).value };
  }

  same(one, other) {
    return Object.entries(one.cells).every(([column, text]) => text === other.cells[column]);
  }

  saved(rows, answer) {
    let wrong = 0;
    for (const [number, sent] of Object.entries(rows)) {
      const problems = answer.problems[number] || {};
      wrong += Object.keys(problems).length;
      if (this.same(this.read(number), sent)) this.dirty.delete(number);
      this.version(number).value = answer.versions[number] || 0;
      for (const box of boxes(number)) problem(box, problems[box.dataset.column] || "");
      if (!this.dirty.has(number) && answer.rows[number]) settle(number, answer.rows[number].cells, problems);
    }
    this.show(answer);
    this.remember();
    if (wrong) this.say(`${wrong} ${this.word("refused")}`, true);
    else this.say(`${this.word("saved")} ${answer.saved_at}`);
  }

  show({ rows, remarks }) {
    document.getElementById("about-list").replaceChildren(...remarks.map(remark));
    let place = 0;
    for (const number of numbers()) {
      const line = document.getElementById(`row-${number}`);
      const under = document.getElementById(`under-${number}`);
      const row = rows[number];
      if (row) line.querySelector(".place").textContent = place += 1;
      under.querySelector(".told").replaceChildren(...(row ? row.remarks : []).map(remark));
      under.hidden = !under.textContent.trim();
      const invalid = line.querySelector("[aria-invalid]") || this.contests.has(number);
      line.className = invalid ? "has-blocking" : row && row.worst ? `has-${row.worst}` : "";
    }
    const nothing = document.getElementById("nothing");
    if (nothing) nothing.hidden = place > 0;
  }

  offer(number, { theirs }, choices) {
    const under = document.getElementById(`under-${number}`);
    under.querySelector(".theirs").replaceChildren(theirs, ...choices);
    under.hidden = false;
    document.getElementById(`row-${number}`).className = "has-blocking";
  }

  withdraw(number) {
    const under = document.getElementById(`under-${number}`);
    under.querySelector(".theirs").replaceChildren();
    under.hidden = !under.textContent.trim();
  }

  take(number, theirs) {
    settle(number, theirs.cells);
    document.getElementById(`row-${number}`).className = "";
  }
}

// What the server made of the answers: 2023年5月1日 has become 2023-05-01. What it refused stays in its box.
function settle(number, cells, problems = {}) {
  for (const box of boxes(number)) if (!problems[box.dataset.column]) box.value = cells[box.dataset.column] || "";
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

const saving = new ListSaving(form, "rows");

const addButton = document.getElementById("add-row");
addButton.hidden = false;
addButton.addEventListener("click", () => boxes(addRow())[0].focus());

form.addEventListener("input", (event) => {
  if (event.target.dataset.column) saving.touch(event.target.dataset.row);
});
// What is saved already need not be sent once more: a long list is larger than a form may be.
form.addEventListener("formdata", ({ formData }) => {
  for (const number of numbers()) {
    const open = saving.dirty.has(number) || saving.contests.has(number) || boxes(number).some((box) => box.hasAttribute("aria-invalid"));
    if (open || formData.has(`drop-${number}`)) continue;
    formData.delete(`version-${number}`);
    for (const box of boxes(number)) formData.delete(box.name);
  }
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
    saving.touch(number);
    place += 1;
  }
  saving.flush();
  saving.say(`${saving.word("pasted")} ${count} ${saving.word("cells")}`);
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

saving.restore((number, row) => {
  while (!saving.version(number) && Number(number) >= following) addRow();
  if (!saving.version(number)) return false;
  for (const box of boxes(number)) box.value = row.cells[box.dataset.column] || "";
  return true;
});
const errors = document.getElementById("errors");
if (errors) errors.focus();
