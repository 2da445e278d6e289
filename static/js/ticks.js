/* One more box (data-tick-all) ticks all of its form, or none; it shows only with this script. */
for (const label of document.querySelectorAll("[data-tick-all]")) {
  const all = label.querySelector("input");
  const boxes = [...label.closest("form").querySelectorAll("input[type=checkbox]")].filter((box) => box !== all);
  const look = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  label.hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", look);
  window.addEventListener("pageshow", look);
}
