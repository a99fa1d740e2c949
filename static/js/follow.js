// A log follows its newest line. Scrolling up pauses that and counts what is new; the button goes on.
const log = document.getElementById("log");
const toggle = document.querySelector("[data-follow-toggle]");

if (log && toggle) {
  const state = document.querySelector("[data-follow-state]");
  const count = document.querySelector("[data-follow-count]");
  let following = true;
  let fresh = 0;

  const show = () => {
    state.textContent = following ? "Following" : "Paused";
    state.className = `status ${following ? "ok" : "warn"}`;
    toggle.textContent = following ? "Pause" : "Follow";
    count.textContent = !following && fresh ? `${fresh} new` : "";
  };
  const follow = (on) => {
    following = on;
    if (on) {
      fresh = 0;
      log.scrollTop = log.scrollHeight;
    }
    show();
  };

  toggle.hidden = false;
  toggle.addEventListener("click", () => follow(!following));
  log.addEventListener("scroll", () => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
    if (atEnd !== following) follow(atEnd);
  });
  new MutationObserver((changes) => {
    const rows = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.nodeType === 1);
    if (following) log.scrollTop = log.scrollHeight;
    else fresh += rows.length;
    show();
  }).observe(log, { childList: true });
  follow(true);
}
