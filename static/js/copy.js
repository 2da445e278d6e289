/* A button that copies a text: it shows only where the browser can. */
for (const part of document.querySelectorAll("[data-copy]")) {
  const button = part.querySelector("[data-copy-button]");
  const text = part.querySelector("[data-copy-text]");
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const words = button.textContent;
    await navigator.clipboard.writeText(text.value);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}
