/* A print of many classes (data-print) shows how many of them are drawn: the file comes piece by piece, and
   after each class it holds a comment, `%enrollcheck 12 / 200`. It is saved when all of it has come. What
   isn't a PDF, such as a refusal, is asked for again as a page. Without this script it is a plain download. */
const REMARK = /%enrollcheck (\d+) \/ (\d+)\n/g;
const END = "%%EOF\n";
const EVERY = 250; // milliseconds between two changes of the line: a screen reader speaks each of them
for (const form of document.querySelectorAll("form[data-print]")) {
  form.addEventListener("submit", async (event) => {
    if ("asPage" in form.dataset) return;
    event.preventDefault();
    for (const old of form.querySelectorAll(".busy, .busy-failed")) old.remove();
    const button = event.submitter;
    const fields = new URLSearchParams(new FormData(form, button));
    const buttons = form.querySelectorAll("button[type=submit]");
    for (const one of buttons) one.disabled = true;
    form.append(document.querySelector("[data-print-sign]").content.cloneNode(true));
    const sign = form.querySelector(".busy");
    let whole = null;
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
      if (answer.headers.get("Content-Type") === "application/pdf") {
        whole = await read(answer, sign);
        if (whole) save(whole, answer.headers.get("Content-Disposition"));
      } else {
        form.dataset.asPage = "";
      }
    } catch {
      whole = null;
    }
    sign.remove();
    for (const one of buttons) one.disabled = false;
    if ("asPage" in form.dataset) {
      form.requestSubmit(button);
      delete form.dataset.asPage;
    } else if (!whole) {
      form.append(document.querySelector("[data-print-failed]").content.cloneNode(true));
    }
  });
}

/* Return the file, or null where it doesn't end as a PDF does. */
async function read(answer, sign) {
  const reader = answer.body.getReader();
  const letters = new TextDecoder("latin1");
  const pieces = [];
  let tail = "";
  let shown = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    // A remark may lie across two pieces: the end of the last one is looked at again.
    const text = tail + letters.decode(piece.value, { stream: true });
    const newest = [...text.matchAll(REMARK)].pop();
    if (newest && Date.now() - shown > EVERY) {
      shown = Date.now();
      show(sign, Number(newest[1]), Number(newest[2]));
    }
    tail = text.slice(-64);
  }
  return tail.endsWith(END) ? new Blob(pieces, { type: "application/pdf" }) : null;
}

function show(sign, done, total) {
  const bar = sign.querySelector("progress");
  bar.max = total;
  bar.value = done;
  const line = sign.querySelector("span");
  line.textContent = line.dataset.words.replace("{done}", done).replace("{total}", total);
}

function save(file, disposition) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = decodeURIComponent(disposition.split("filename*=UTF-8''")[1]);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
