// Whoever signs out leaves nothing on a shared machine: what could not be saved is forgotten with the rest.
document.querySelector("form[data-signs-out]").addEventListener("submit", () => {
  for (const key of Object.keys(localStorage)) if (key.startsWith("huizong-")) localStorage.removeItem(key);
});
