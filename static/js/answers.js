/* The student's page: an answered row folds to one line, and the one button says what is left to do.
   Ticks survive a reload in the same tab; what is typed or signed is never kept. */
"use strict";
for (const form of document.querySelectorAll("[data-record]")) {
  const rows = [...form.querySelectorAll("[data-row]")];
  const button = form.querySelector("[data-send-button]");
  const phone = form.querySelector("[data-phone]");
  const whole = form.querySelector("input[name=no_record]");

  function answered(row) {
    const radios = [...row.querySelectorAll("input[type=radio]")];
    if (radios.length) {
      if (radios.some((one) => one.checked && one.value === "ok")) return true;
      if (!radios.some((one) => one.checked)) return false;
    }
    const inputs = [...row.querySelectorAll("input[type=text], select")];
    return inputs.every((one) => one.value.trim() !== "" || (one.closest(".differs") && !differs(row)));
  }

  // Asked beside an ID number that was not the roster's: whether CHSI really shows it. Else it was a slip.
  function differs(row) {
    return row.querySelector(".differs input:checked");
  }

  function wrong(row) {
    if (row.querySelector(".choice--wrong input:checked") || differs(row)) return true;
    const status = row.querySelector("select");
    return Boolean(status && status.value && status.selectedIndex > 1);
  }

  function show() {
    const left = whole.checked ? 0 : rows.filter((row) => !answered(row)).length;
    const report = whole.checked || rows.some(wrong);
    const signed = form.elements.signature.value || form.elements.typed_name.value.trim();
    phone.hidden = !report;
    const called = !report || form.elements.phone.value.trim();
    button.disabled = left > 0 || !signed || !called;
    if (left) button.textContent = form.dataset.left.replace("#", left);
    else if (!called) button.textContent = phone.querySelector("label").textContent;
    else if (!signed) button.textContent = form.dataset.sign;
    else button.textContent = report ? form.dataset.report : form.dataset.send;
  }

  const kept = "ticks " + form.elements.shown_digest.value;

  function keep() {
    const ticks = rows.flatMap((row) => [...row.querySelectorAll("input[type=radio]:checked")]);
    sessionStorage.setItem(kept, JSON.stringify(ticks.map((one) => [one.name, one.value])));
  }

  function remember() {
    if (form.querySelector("input[type=radio]:checked")) return; // what the server sent counts
    for (const [name, value] of JSON.parse(sessionStorage.getItem(kept) || "[]")) {
      const one = form.querySelector(`input[type=radio][name="${name}"][value="${value}"]`);
      if (one) one.checked = true;
    }
  }

  function fold(row) {
    const ok = row.querySelector(".choice--ok input");
    row.classList.toggle("row--folded", Boolean(ok && ok.checked));
  }

  remember();
  for (const row of rows) {
    row.addEventListener("change", (event) => {
      if (event.target.type === "radio") fold(row);
    });
    row.addEventListener("click", (event) => {
      if (row.classList.contains("row--folded") && event.target.type !== "radio") row.classList.remove("row--folded");
    });
    if (!row.querySelector(".field__error")) fold(row);
  }
  form.addEventListener("change", () => { keep(); show(); });
  form.addEventListener("submit", () => sessionStorage.clear());
  form.addEventListener("input", show);
  show();
}
