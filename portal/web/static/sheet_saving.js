// How a sheet's boxes are saved and shown: an answer with its note and its tick for “not applicable”.
import { Saving, remark } from "./saving.js";

export class SheetSaving extends Saving {
  constructor(form) {
    super(form, "cells");
    this.told = ""; // what the next word of success also says
    this.restore((code, cell) => {
      if (!form.elements[`answer-${code}`]) return false;
      this.settle(code, cell);
      return true;
    });
  }

  version(code) {
    return this.form.elements[`version-${code}`];
  }

  read(code) {
    const { elements } = this.form;
    return {
      answer: elements[`answer-${code}`].value,
      not_applicable: elements[`na-${code}`].checked,
      note: elements[`note-${code}`].value,
      row_version: this.version(code).value,
    };
  }

  same(one, other) {
    return one.answer === other.answer && one.not_applicable === other.not_applicable && one.note === other.note;
  }

  touch(code) {
    this.told = "";
    super.touch(code);
  }

  saved(cells, { saved_at: time, problems, rows }) {
    for (const code of Object.keys(cells)) {
      if (this.same(this.read(code), cells[code])) this.dirty.delete(code);
      this.problem(code, problems[code] || "");
      if (problems[code]) continue;
      this.version(code).value = rows[code].row_version;
      if (!this.dirty.has(code)) this.settle(code, rows[code]);
    }
    for (const [code, row] of Object.entries(rows)) this.show(code, row);
    this.tally();
    this.remember();
    const wrong = Object.keys(problems).length;
    if (!wrong) this.say(`${this.word("saved")} ${time} ${this.told}`.trim());
    else this.say(`${wrong} ${this.word("refused")}`, true);
  }

  // How many of the sheet's boxes are answered, in its tab.
  tally() {
    const boxes = [...this.form.querySelectorAll("[name^='answer-']")];
    const answered = boxes.filter((box) => {
      const refused = box.getAttribute("aria-invalid");
      return !refused && (box.value.trim() || this.form.elements[`na-${box.dataset.code}`].checked);
    });
    document.querySelector(".sheet-tabs [aria-current] .number").textContent = `${answered.length}/${boxes.length}`;
  }

  offer(code, { theirs }, choices) {
    this.problem(code, theirs);
    document.getElementById(`problem-${code}`).append(...choices);
  }

  withdraw(code) {
    this.problem(code, "");
  }

  take(code, theirs) {
    this.settle(code, theirs);
  }

  // What the server made of the answer: 3.7万 has become 37000.
  settle(code, row) {
    this.form.elements[`answer-${code}`].value = row.answer;
    this.form.elements[`na-${code}`].checked = row.not_applicable;
    this.form.elements[`note-${code}`].value = row.note;
  }

  // Whether the person is in these boxes, or has something there that the server does not.
  holds(code) {
    return this.dirty.has(code) || this.contests.has(code) || document.activeElement.dataset.code === code;
  }

  show(code, row) {
    const line = document.getElementById(`row-${code}`);
    if (!line) return;
    const version = this.version(code);
    if (version && Number(version.value) !== row.row_version && !this.refresh(code, row, version)) return;
    const output = line.querySelector("output.shown");
    if (output) output.textContent = row.shown;
    line.querySelector(".change").textContent = row.change;
    document.getElementById(`remarks-${code}`).replaceChildren(...row.remarks.map(remark));
    const invalid = this.form.elements[`answer-${code}`] && this.form.elements[`answer-${code}`].getAttribute("aria-invalid");
    line.className = line.className.replace(/\s*has-\w+/g, "");
    if (invalid) line.classList.add("has-blocking");
    else if (row.remarks.length) line.classList.add(`has-${row.remarks[0].severity}`);
    this.uncover(code);
  }

  // A box and its row version change together, or neither: else the next save would undo what somebody else did.
  refresh(code, row, version) {
    if (this.holds(code)) return false;
    this.settle(code, row);
    version.value = row.row_version;
    return true;
  }

  problem(code, text) {
    const box = this.form.elements[`answer-${code}`];
    document.getElementById(`problem-${code}`).textContent = text;
    const described = [text ? `problem-${code}` : "", `remarks-${code}`].join(" ").trim();
    box.setAttribute("aria-describedby", described);
    if (text) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
    this.uncover(code);
  }

  uncover(code) {
    const empty = ["past", "problem", "remarks"].every((part) => !document.getElementById(`${part}-${code}`).textContent);
    document.getElementById(`under-${code}`).hidden = empty;
  }
}
