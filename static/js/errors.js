// From error to error: by n and p while the log has the focus, and by the links, which work without this too.
// What the page does not hold is asked of the server.
const errorLog = document.getElementById("log");
const errorLinks = {
  before: document.querySelector("[data-error=before]"),
  after: document.querySelector("[data-error=after]"),
};

if (errorLog && errorLinks.before) {
  const said = document.querySelector("[data-error-said]");
  let here = location.hash.startsWith("#line-") ? Number(location.hash.slice(6)) : null;
  const number = (row) => Number(row.dataset.cursor);
  const rows = () => [...errorLog.querySelectorAll(":scope > [data-cursor]")];

  const next = (way) => {
    const errors = rows().filter((row) => row.classList.contains("bad"));
    if (way === "before") return errors.reverse().find((row) => here === null || number(row) < here);
    return errors.find((row) => here !== null && number(row) > here);
  };
  const go = (way) => {
    const row = next(way);
    if (row) {
      here = number(row);
      said.textContent = "";
      errorLog.dispatchEvent(new Event("log:pause"));
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "center" });
      return;
    }
    if (way === "after" && errorLog.dataset.lines) {
      said.textContent = "There is no later error.";
      return;
    }
    const shown = rows();
    const address = new URL(errorLinks[way].href);
    if (shown.length) address.searchParams.set(way, number(shown.at(way === "before" ? 0 : -1)));
    location.assign(address);
  };

  document.querySelector("[data-keys]").hidden = false;
  for (const [way, link] of Object.entries(errorLinks)) {
    link.addEventListener("click", (click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey) return;
      click.preventDefault();
      go(way);
    });
  }
  errorLog.addEventListener("keydown", (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey) return;
    if (press.key === "p") go("before");
    if (press.key === "n") go("after");
  });
  if (here !== null) document.getElementById(`line-${here}`)?.focus();
}
