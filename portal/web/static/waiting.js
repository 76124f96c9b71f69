// Asks how far the examination of an upload is, and shows the result when it is through.
const card = document.getElementById("waiting");
const bar = card.querySelector("progress");
const count = card.querySelector(".number");

async function ask() {
  try {
    const response = await fetch(card.dataset.progress, { credentials: "same-origin" });
    const { state, done, total } = await response.json();
    if (state === "done" || state === "failed") {
      location.reload();
      return;
    }
    bar.value = done;
    count.textContent = `${done}/${total}`;
  } catch {
    // The network is away: ask again.
  }
  setTimeout(ask, 1000);
}

setTimeout(ask, 700);
