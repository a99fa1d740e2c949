// A log follows its newest line. Scrolling up pauses that; a button counts what is new and goes on. Counts are
// said to screen readers now and then, lines never: they would talk without end.
const log = document.getElementById("log");
const toggle = document.querySelector("[data-follow-toggle]");

// A page that is left open keeps so many lines; older ones are behind its link.
const MOST_ROWS = 2000;
const SAY_EVERY_MS = 10000;

if (log && toggle) {
  const state = document.querySelector("[data-follow-state]");
  const button = document.querySelector("[data-follow-new]");
  const said = document.querySelector("[data-follow-said]");
  const older = document.querySelector("[data-older]");
  const lines = (count) => `${count} new ${count === 1 ? "line" : "lines"}`;
  // A link to one line is there to be read.
  let following = !location.hash.startsWith("#line-");
  let fresh = 0;
  let unsaid = 0;
  let end = log.scrollTop;

  const show = () => {
    state.textContent = following ? "Following" : "Paused";
    state.className = `status ${following ? "ok" : "warn"}`;
    toggle.textContent = following ? "Pause" : "Follow";
    button.textContent = `${lines(fresh)} ↓`;
    button.hidden = following || fresh === 0;
  };
  const toEnd = () => {
    log.scrollTop = log.scrollHeight;
    end = log.scrollTop;
  };
  const follow = (on) => {
    following = on;
    if (on) {
      fresh = 0;
      toEnd();
    }
    show();
  };
  const trim = () => {
    const rows = log.querySelectorAll(":scope > [data-cursor]");
    const extra = rows.length - MOST_ROWS;
    if (extra <= 0) return;
    for (const row of [...rows].slice(0, extra)) row.remove();
    const address = new URL(older.href);
    address.searchParams.set("before", rows[extra].dataset.cursor);
    older.href = address.href;
    older.parentElement.hidden = false;
  };

  toggle.hidden = false;
  toggle.addEventListener("click", () => follow(!following));
  button.addEventListener("click", () => {
    follow(true);
    log.focus();
  });
  log.addEventListener("scroll", () => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
    // Only the reader scrolls up; lines that arrive move the end away from them.
    if (following ? !atEnd && log.scrollTop < end : atEnd) follow(atEnd);
  });
  log.addEventListener("log:pause", () => follow(false));
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    const count = added.filter((node) => node.dataset?.cursor).length;
    if (!count) return;
    unsaid += count;
    if (following) {
      trim();
      toEnd();
    } else {
      fresh += count;
    }
    show();
  }).observe(log, { childList: true });
  setInterval(() => {
    if (unsaid) said.textContent = `${lines(unsaid)}${following ? "" : ", not shown yet"}`;
    unsaid = 0;
  }, SAY_EVERY_MS);
  follow(following);
}
