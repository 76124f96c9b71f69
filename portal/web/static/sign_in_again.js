// The session is over while somebody types: they sign in in another window, and this page goes on where it was.
const dialog = document.getElementById("sign-in-again");
const state = dialog.querySelector("[role=status]");
let waiting = null; // the form that is not saved, and how it goes on

export function askToSignIn(form, goOn) {
  waiting = { form, goOn };
  state.textContent = "";
  if (!dialog.open) dialog.showModal();
}

// A new session has a new token, which this page takes from itself as it would be shown now. Another person's page, or
// that of a return which can no longer be edited, has no such form.
async function goOn() {
  if (!waiting || !dialog.open) return;
  const { form, goOn: proceed } = waiting;
  const fresh = await formNow(form.id);
  if (!fresh || fresh.dataset.queue !== form.dataset.queue) {
    state.textContent = dialog.dataset.still;
    return;
  }
  form.dataset.token = fresh.dataset.token;
  for (const box of document.getElementsByName("csrf_token")) box.value = fresh.dataset.token;
  waiting = null;
  dialog.close();
  proceed();
}

async function formNow(id) {
  try {
    const response = await fetch(location.pathname, { credentials: "same-origin" });
    return new DOMParser().parseFromString(await response.text(), "text/html").getElementById(id);
  } catch {
    return null; // the network is away as well
  }
}

dialog.querySelector("button").addEventListener("click", goOn);
window.addEventListener("focus", goOn);
