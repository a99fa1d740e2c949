// Where a stream is refused (too many watchers, or a server without streams), the region asks every 3 seconds.
// Whoever is signed out or shut out meanwhile is sent to the page again, which says so.
const polling = new WeakSet();

const lastCursor = (region) => {
  const rows = region.querySelectorAll(":scope > [data-cursor]");
  return rows.length ? rows[rows.length - 1].dataset.cursor : region.dataset.last;
};

const poll = async (region) => {
  if (!region.isConnected) return;
  if (!document.hidden) {
    const address = new URL(region.dataset.lines, location.href);
    address.searchParams.set("after", lastCursor(region));
    await htmx.ajax("GET", address.pathname + address.search, { source: region, target: region, swap: "beforeend" });
  }
  setTimeout(() => poll(region), 3000);
};

const refused = (region, status) => {
  if (!region?.dataset?.lines) return;
  if (status === 401) location.reload();
  if ((status === 503 || status === 404) && !polling.has(region)) {
    polling.add(region);
    setTimeout(() => poll(region), 3000);
  }
};

document.addEventListener("htmx:response:error", (event) => {
  const context = event.detail.ctx;
  if (context?.request?.action?.startsWith("/events/")) refused(context.sourceElement, context.response?.status);
});
document.addEventListener("htmx:sse:error", (event) => refused(event.target, event.detail.status));
document.addEventListener("htmx:sse:before:connection", (event) => {
  if (polling.has(event.target)) event.detail.connection.cancelled = true;
});
