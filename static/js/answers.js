/* The student's page: an answered row folds to one line, and the one button says what is left to do; a tap on
   it while something is left leads there instead of sending.
   Ticks survive a reload in the same tab; what is typed or signed is never kept. */
// What can be left, in the order in which the button says it; each is a text of the form's data.
const LEFT = ["unanswered", "unfinished", "call", "sign"];

for (const form of document.querySelectorAll("[data-record]")) {
  const rows = [...form.querySelectorAll("[data-row]")];
  const button = form.querySelector("[data-send-button]");
  const phone = form.querySelector("[data-phone]");
  const drawing = form.querySelector("[data-signature-box]");
  const whole = form.querySelector("input[name=no_record]");

  // What stands for a hidden place of an ID number, and how many places must be seen.
  const hiding = new Set(form.dataset.hiding);
  const visibleEnough = Number(form.dataset.visibleEnough);

  // Asked beside an ID number that was not the roster's: whether CHSI really shows it. Else it was a slip.
  function differs(row) {
    return row.querySelector(".differs input:checked");
  }

  function wrong(row) {
    if (row.querySelector(".choice--wrong input:checked") || differs(row)) return true;
    const status = row.querySelector("select");
    return Boolean(status && status.value && status.selectedIndex > 1);
  }

  function filled(input) {
    const text = [...input.value.replace(/\s/g, "")];
    const visible = input.name === "chsi_id_number" ? text.filter((place) => !hiding.has(place)) : text;
    return visible.length < text.length ? visible.length >= visibleEnough : text.length > 0;
  }

  // What a row still lacks, and where; null where it is answered.
  function lack(row) {
    const radios = [...row.querySelectorAll("input[type=radio]")];
    const chosen = radios.find((one) => one.checked);
    if (radios.length && !chosen) return { what: "unanswered", place: radios[0] };
    if (chosen && chosen.value === "ok") return null;
    const inputs = [...row.querySelectorAll("input[type=text], select")];
    const asked = inputs.filter((one) => !one.closest(".differs") || differs(row));
    const place = asked.find((one) => !filled(one));
    if (!place) return null;
    return { what: chosen || asked.some((one) => one.value.trim()) ? "unfinished" : "unanswered", place };
  }

  function left(report) {
    const found = whole.checked ? [] : rows.map(lack).filter(Boolean);
    if (report && !form.elements.phone.value.trim()) found.push({ what: "call", place: form.elements.phone });
    if (!form.elements.signature.value && !form.elements.typed_name.value.trim()) {
      const place = drawing.hidden ? form.elements.typed_name : drawing.querySelector("canvas");
      found.push({ what: "sign", place });
    }
    const first = LEFT.find((what) => found.some((one) => one.what === what));
    return found.filter((one) => one.what === first);
  }

  function reports() {
    return whole.checked || rows.some(wrong);
  }

  function show() {
    const report = reports();
    const open = left(report);
    phone.hidden = !report;
    for (const row of rows) row.classList.toggle("row--filled", !lack(row));
    button.classList.toggle("button--primary", !open.length);
    if (open.length) button.textContent = form.dataset[open[0].what].replace("#", open.length);
    else button.textContent = report ? form.dataset.report : form.dataset.send;
    for (const one of form.querySelectorAll(".asked")) one.classList.remove("asked");
  }

  function lead(place) {
    const part = place.closest(".row, .panel");
    part.classList.add("asked");
    (place.type === "text" || place.type === "tel" ? place : part).scrollIntoView({ block: "center" });
    place.focus({ preventScroll: true });
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
  form.addEventListener("submit", (event) => {
    const [first] = left(reports());
    if (!first) return sessionStorage.clear();
    event.preventDefault();
    lead(first.place);
  });
  form.addEventListener("input", show);
  show();
}
