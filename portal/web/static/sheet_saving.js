// Saves boxes while the person types, a few at a time, and never loses what could not be saved.
import { askToSignIn } from "./sign_in_again.js";

const TYPING_PAUSE = 600; // milliseconds after the last key
const RETRY = 5000;
const severityNames = JSON.parse(document.getElementById("severity-names").textContent);

export class Saver {
  constructor(form, state) {
    this.form = form;
    this.state = state;
    this.dirty = new Set();
    this.contests = new Map(); // what I typed where somebody else was first, with the row version I saw
    this.told = ""; // what the next word of success also says
    this.sending = null;
    this.handedOver = false;
    this.timer = null;
    this.say(this.word("idle"));
    this.restore();
    window.addEventListener("beforeunload", (event) => {
      if ((this.dirty.size || this.contests.size) && !this.handedOver) event.preventDefault();
    });
    window.addEventListener("online", () => this.flush());
  }

  word(name) {
    return this.state.dataset[name];
  }

  say(text, failed = false) {
    this.state.textContent = text;
    this.state.classList.toggle("failed", failed);
  }

  // A box has changed: save it when the person pauses.
  touch(code) {
    this.told = "";
    const contest = this.contests.get(code);
    if (contest) {
      this.contests.set(code, { ...this.read(code), row_version: contest.row_version });
      this.remember();
      return;
    }
    this.dirty.add(code);
    this.remember();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), TYPING_PAUSE);
  }

  // The form itself is to be sent: first what it holds is saved the usual way, because a session that is over, or a
  // network that is away, would swallow it. What the server refuses it shows again with the reason.
  async handOver(event) {
    if (this.handedOver) return;
    if (this.sending || this.dirty.size) {
      event.preventDefault();
      await this.sending;
      if (this.dirty.size && !(await this.flush())) return;
    }
    this.handedOver = true;
    clearTimeout(this.timer);
    localStorage.removeItem(this.form.dataset.queue);
    if (event.defaultPrevented) this.form.requestSubmit(event.submitter);
  }

  // Save what is not saved yet; the promise tells whether the server took it or said why not.
  flush() {
    clearTimeout(this.timer);
    if (!this.sending && this.dirty.size && !this.handedOver) this.sending = this.attempt();
    return this.sending;
  }

  async attempt() {
    const cells = Object.fromEntries([...this.dirty].map((code) => [code, this.read(code)]));
    let answered = false;
    this.say(this.word("saving"));
    try {
      answered = await this.send(cells);
    } catch {
      this.later();
    } finally {
      this.sending = null;
    }
    if (this.unsent(cells)) this.touchAgain();
    return answered;
  }

  async send(cells) {
    const response = await fetch(this.form.dataset.autosave, {
      method: "PATCH",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.form.dataset.token },
      body: JSON.stringify({ cells }),
      credentials: "same-origin",
    });
    const body = await response.json();
    if (response.status >= 500) throw new Error(body.detail);
    if (response.status === 401 || body.code === "csrf") {
      this.say(this.word("stopped"), true);
      askToSignIn(this.form, () => this.flush());
      return false;
    }
    if (response.ok) this.saved(cells, body);
    else if (response.status === 409 && body.cells) this.contested(cells, body);
    else this.say(body.detail, true);
    return true;
  }

  saved(cells, { saved_at: time, problems, rows }) {
    for (const code of Object.keys(cells)) {
      if (same(this.read(code), cells[code])) this.dirty.delete(code);
      this.problem(code, problems[code] || "");
      if (problems[code]) continue;
      this.form.elements[`version-${code}`].value = rows[code].row_version;
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

  // Somebody else changed the same boxes: show theirs, keep mine, and let the person choose. Until then nothing of
  // these boxes is sent, and the form still carries the row version that was seen, so that it would not win unawares.
  contested(cells, body) {
    for (const [code, theirs] of Object.entries(body.cells)) {
      this.dirty.delete(code);
      this.contests.set(code, cells[code]);
      this.problem(code, theirs.theirs);
      const under = document.getElementById(`problem-${code}`);
      under.append(" ", this.choice("mine", () => this.insist(code, theirs)), " ", this.choice("other", () => this.take(code, theirs)));
    }
    this.remember();
    this.say(body.detail, true);
    if (this.dirty.size) this.touchAgain();
  }

  insist(code, theirs) {
    this.contests.delete(code);
    this.form.elements[`version-${code}`].value = theirs.row_version;
    this.problem(code, "");
    this.touch(code);
    this.flush();
  }

  choice(name, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small";
    button.textContent = this.word(name);
    button.addEventListener("click", act);
    return button;
  }

  take(code, theirs) {
    this.contests.delete(code);
    this.settle(code, theirs);
    this.form.elements[`version-${code}`].value = theirs.row_version;
    this.problem(code, "");
    this.remember();
    this.say(this.word("idle"));
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
    const version = this.form.elements[`version-${code}`];
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

  read(code) {
    const { elements } = this.form;
    return {
      answer: elements[`answer-${code}`].value,
      not_applicable: elements[`na-${code}`].checked,
      note: elements[`note-${code}`].value,
      row_version: elements[`version-${code}`].value,
    };
  }

  // Not saved: keep it, also beyond this page, and try again.
  later() {
    this.say(`${this.dirty.size} ${this.word("failed")}`, true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), RETRY);
  }

  // Whether something was typed while `cells` were on their way.
  unsent(cells) {
    return [...this.dirty].some((code) => !cells[code] || !same(this.read(code), cells[code]));
  }

  touchAgain() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), TYPING_PAUSE);
  }

  remember() {
    const { queue } = this.form.dataset;
    const kept = { ...Object.fromEntries([...this.dirty].map((code) => [code, this.read(code)])), ...Object.fromEntries(this.contests) };
    if (Object.keys(kept).length) localStorage.setItem(queue, JSON.stringify(kept));
    else localStorage.removeItem(queue);
  }

  // What an earlier page could not save. It keeps the row version seen then, so that nobody is overwritten unawares.
  restore() {
    const kept = JSON.parse(localStorage.getItem(this.form.dataset.queue) || "{}");
    for (const [code, cell] of Object.entries(kept)) {
      const { elements } = this.form;
      if (!elements[`answer-${code}`]) continue;
      elements[`answer-${code}`].value = cell.answer;
      elements[`na-${code}`].checked = cell.not_applicable;
      elements[`note-${code}`].value = cell.note;
      elements[`version-${code}`].value = cell.row_version;
      this.dirty.add(code);
    }
    if (this.dirty.size) this.flush();
  }
}

function same(one, other) {
  return one.answer === other.answer && one.not_applicable === other.not_applicable && one.note === other.note;
}

function remark({ severity, message }) {
  const line = document.createElement("span");
  line.className = `remark remark-${severity}`;
  const name = document.createElement("strong");
  name.textContent = severityNames[severity];
  line.append(name, message);
  return line;
}
