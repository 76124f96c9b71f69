// Saves what a person types, a few entries at a time, and never loses what could not be saved. An entry is what a page
// saves as one: a box with its note on a sheet, a row of a list. The page's own class says how one is read and shown.
import { askToSignIn } from "./sign_in_again.js";

const TYPING_PAUSE = 600; // milliseconds after the last key
const RETRY = 5000;
const severityNames = JSON.parse(document.getElementById("severity-names").textContent);

// A page's class has: read(key), the entry with the row version that was seen; same(one, other); take(key, theirs), which
// shows the other's entry; offer(key, theirs, choices) and withdraw(key), the question who was right, and its end;
// saved(sent, answer); version(key), the field of the row version.
export class Saving {
  // `part` is what the server calls the entries.
  constructor(form, part) {
    this.form = form;
    this.part = part;
    this.state = document.getElementById("save-state");
    this.dirty = new Set();
    this.contests = new Map(); // entries where somebody else was first: what stands there now
    this.sending = null;
    this.handedOver = false;
    this.timer = null;
    form.addEventListener("change", () => this.flush());
    form.addEventListener("submit", (event) => this.handOver(event));
    window.addEventListener("online", () => this.flush());
    window.addEventListener("beforeunload", (event) => {
      if ((this.dirty.size || this.contests.size) && !this.handedOver) event.preventDefault();
    });
  }

  word(name) {
    return this.state.dataset[name];
  }

  say(text, failed = false) {
    this.state.textContent = text;
    this.state.classList.toggle("failed", failed);
  }

  // An entry has changed: save it when the person pauses. One that is contested waits for the choice.
  touch(key) {
    if (!this.contests.has(key)) {
      this.dirty.add(key);
      this.later(TYPING_PAUSE);
    }
    this.remember();
  }

  later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), pause);
  }

  // Save what is not saved yet; the promise tells whether the server took it or said why not.
  flush() {
    clearTimeout(this.timer);
    if (!this.sending && this.dirty.size && !this.handedOver) this.sending = this.attempt();
    return this.sending;
  }

  async attempt() {
    const sent = Object.fromEntries([...this.dirty].map((key) => [key, this.read(key)]));
    let answered = false;
    this.say(this.word("saving"));
    try {
      answered = await this.send(sent);
    } catch {
      this.say(`${this.dirty.size} ${this.word("failed")}`, true);
      this.later(RETRY);
    } finally {
      this.sending = null;
    }
    if ([...this.dirty].some((key) => !sent[key] || !this.same(this.read(key), sent[key]))) this.later(TYPING_PAUSE);
    return answered;
  }

  async send(sent) {
    const response = await fetch(this.form.dataset.autosave, {
      method: "PATCH",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.form.dataset.token },
      body: JSON.stringify({ [this.part]: sent }),
      credentials: "same-origin",
    });
    const answer = await response.json();
    if (response.status >= 500) throw new Error(answer.detail);
    if (response.status === 401 || answer.code === "csrf") {
      this.say(this.word("stopped"), true);
      askToSignIn(this.form, () => this.flush());
      return false;
    }
    if (response.ok) this.saved(sent, answer);
    else if (response.status === 409 && answer[this.part]) this.contested(answer);
    else this.say(answer.detail, true);
    return true;
  }

  // Somebody else changed the same entries: show theirs, keep mine, and let the person choose. Until then nothing of
  // these entries is sent, and the form still carries the row version that was seen, so that it would not win unawares.
  contested(answer) {
    for (const [key, theirs] of Object.entries(answer[this.part])) {
      this.dirty.delete(key);
      this.contests.set(key, theirs);
      this.offer(key, theirs, [" ", this.choice("mine", key), " ", this.choice("other", key)]);
    }
    this.remember();
    this.say(answer.detail, true);
    if (this.dirty.size) this.later(TYPING_PAUSE);
  }

  choice(name, key) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small";
    button.textContent = this.word(name);
    button.addEventListener("click", () => this.decide(key, name === "mine"));
    return button;
  }

  decide(key, mine) {
    const theirs = this.contests.get(key);
    this.contests.delete(key);
    this.version(key).value = theirs.row_version;
    this.withdraw(key);
    if (mine) this.touch(key);
    else {
      this.take(key, theirs);
      this.remember();
      this.say(this.word("idle"));
    }
    this.flush();
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

  // What is not saved is kept beyond this page as well.
  remember() {
    const kept = Object.fromEntries([...this.dirty, ...this.contests.keys()].map((key) => [key, this.read(key)]));
    if (Object.keys(kept).length) localStorage.setItem(this.form.dataset.queue, JSON.stringify(kept));
    else localStorage.removeItem(this.form.dataset.queue);
  }

  // What an earlier page could not save comes back, with the row version seen then: nobody is overwritten unawares.
  restore(put) {
    this.say(this.word("idle"));
    for (const [key, entry] of Object.entries(JSON.parse(localStorage.getItem(this.form.dataset.queue) || "{}"))) {
      if (!put(key, entry)) continue;
      this.version(key).value = entry.row_version;
      this.dirty.add(key);
    }
    if (this.dirty.size) this.flush();
  }
}

export function remark({ severity, message }) {
  const line = document.createElement("span");
  line.className = `remark remark-${severity}`;
  const name = document.createElement("strong");
  name.textContent = severityNames[severity];
  line.append(name, message);
  return line;
}
