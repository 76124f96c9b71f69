// The list of keys over the page: by its link, and by "?" within the sheet. Without this file the link leads to a page.
const dialog = document.getElementById("keys");
const sheet = document.getElementById("sheet");
const WRITTEN_IN = "textarea, input[type=text]:not([inputmode=decimal])";

document.querySelector("a[data-keys]").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  dialog.showModal();
});

if (sheet) {
  sheet.addEventListener("keydown", (event) => {
    if (event.isComposing || !["?", "？"].includes(event.key) || event.target.matches(WRITTEN_IN)) return;
    event.preventDefault();
    dialog.showModal();
  });
}
