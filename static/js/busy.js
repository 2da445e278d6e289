/* A form that takes its time (data-busy) says so after a second, and can't be sent twice meanwhile.
   One that brings a file (data-download) learns from a cookie that the file has come. */
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const mark = Date.now().toString(16);
    if ("download" in form.dataset) {
      let field = form.elements.downloading;
      if (!field) {
        field = document.createElement("input");
        field.type = "hidden";
        field.name = "downloading";
        form.append(field);
      }
      field.value = mark;
    }
    const buttons = form.querySelectorAll("button[type=submit]");
    let sign = null;
    const timer = setTimeout(() => {
      for (const button of buttons) button.disabled = true;
      form.append(document.querySelector("[data-busy-sign]").content.cloneNode(true));
      sign = form.querySelector(".busy");
    }, 1000);
    if (!("download" in form.dataset)) return;
    const watch = setInterval(() => {
      if (!document.cookie.includes("downloaded=" + mark)) return;
      clearInterval(watch);
      clearTimeout(timer);
      if (sign) sign.remove();
      for (const button of buttons) button.disabled = false;
    }, 300);
  });
}
// Back from the browser's memory of pages: the form can be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const sign of document.querySelectorAll(".busy")) sign.remove();
  for (const button of document.querySelectorAll("form[data-busy] button[disabled]")) button.disabled = false;
});
