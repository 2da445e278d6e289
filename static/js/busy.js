/* A form that takes its time (data-busy) says so after a second, and can't be sent twice meanwhile. */
"use strict";
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const sign = document.querySelector("[data-busy-sign]").content.cloneNode(true);
    const timer = setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
      form.append(sign);
    }, 1000);
    window.addEventListener("pagehide", () => clearTimeout(timer), { once: true });
  });
}
// Back from the browser's memory of pages: the form can be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const sign of document.querySelectorAll(".busy")) sign.remove();
  for (const button of document.querySelectorAll("form[data-busy] button[disabled]")) button.disabled = false;
});
