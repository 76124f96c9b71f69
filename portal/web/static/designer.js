// The form designer: a click on a code writes it where the cursor was last. Without this file codes are typed.
const boxes = document.querySelectorAll("input.code, textarea.code");
let last = document.getElementById("expression") ?? boxes[0];

for (const box of boxes) {
  box.addEventListener("focus", () => {
    last = box;
  });
}

for (const button of last ? document.querySelectorAll("[data-insert]") : []) {
  button.hidden = false;
  button.nextElementSibling.hidden = true;
  button.addEventListener("click", () => {
    last.closest("details")?.setAttribute("open", "");
    last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.focus();
  });
}
