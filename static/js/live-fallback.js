// Keeps a region current by its stream. Where that is refused, or held back by something on the way, the region
// asks every 3 seconds instead, says so, and tries the stream again after a minute. Each way goes on from the
// last row that is there, and one ends before the other begins: no row is missing, and none comes twice.
// Whoever is signed out or shut out meanwhile is sent to the page again, which says so.
const POLL_MS = 3000;
const POLLS_BEFORE_STREAM = 20;
// The server sends a beat at once, and every 15 seconds.
const FIRST_BEAT_MS = 8000;
const BEAT_MS = 40000;
const WORDS = {
  live: "",
  lost: "The connection is lost. Trying again; no line will be missing.",
  asking: "Live updates do not get through: asking every 3 seconds instead.",
};

const ways = new Map();

const lastCursor = (region) => {
  const rows = region.querySelectorAll(":scope > [data-cursor]");
  return rows.length ? rows[rows.length - 1].dataset.cursor : region.dataset.last;
};
const after = (region, address) => {
  const there = new URL(address, location.href);
  there.searchParams.set("after", lastCursor(region));
  return there.pathname + there.search;
};
const say = (region, what) => {
  const place = region.closest("section")?.querySelector("[data-live-state]");
  if (place && place.textContent !== WORDS[what]) place.textContent = WORDS[what];
};

const expect = (region, way, patience) => {
  clearTimeout(way.silence);
  way.silence = setTimeout(() => {
    if (document.hidden) expect(region, way, patience);
    else ask(region, way);
  }, patience);
};
const stream = (region, way) => {
  way.asking = false;
  expect(region, way, FIRST_BEAT_MS);
  htmx.ajax("GET", after(region, region.getAttribute("hx-sse:connect")), { source: region });
};
const ask = (region, way) => {
  if (way.asking) return;
  clearTimeout(way.silence);
  way.asking = true;
  way.polls = 0;
  // Whatever is left of the stream, or of a request for it, ends first.
  const stop = () => way.connection?.abortController?.abort?.();
  stop();
  way.connection?.delayCanceller?.();
  setTimeout(stop);
  htmx.trigger(region, "htmx:abort");
  setTimeout(() => poll(region, way), POLL_MS);
};
const poll = async (region, way) => {
  if (!region.isConnected) return;
  if (way.polls >= POLLS_BEFORE_STREAM) {
    stream(region, way);
    return;
  }
  if (!document.hidden) {
    way.polls += 1;
    await htmx.ajax("GET", after(region, region.dataset.lines), { source: region, target: region, swap: "beforeend" });
  }
  setTimeout(() => poll(region, way), POLL_MS);
};

const refused = (region, way, status) => {
  if (status === 401) location.reload();
  else ask(region, way);
};
const listen = (name, heard) => {
  document.addEventListener(name, (event) => {
    const region = event.detail?.ctx?.sourceElement ?? event.target;
    const way = ways.get(region);
    if (way) heard(region, way, event.detail);
  });
};
const isStream = (detail) => detail.ctx?.request?.action?.startsWith("/events/");

for (const region of document.querySelectorAll("[data-lines]")) {
  const way = { asking: false, polls: 0, silence: 0, connection: null };
  ways.set(region, way);
  expect(region, way, FIRST_BEAT_MS);
}
listen("htmx:sse:before:connection", (region, way, { connection }) => {
  way.connection = connection;
  connection.cancelled = way.asking;
  if (!way.asking) expect(region, way, FIRST_BEAT_MS);
});
listen("beat", (region, way) => {
  if (way.asking) return;
  say(region, "live");
  expect(region, way, BEAT_MS);
});
listen("htmx:sse:before:message", (region, way, message) => {
  message.cancelled = way.asking;
});
listen("htmx:sse:after:message", (region, way) => {
  if (!way.asking) expect(region, way, BEAT_MS);
});
listen("htmx:sse:error", (region, way, { status }) => {
  if (way.asking) return;
  if (status) refused(region, way, status);
  else say(region, "lost");
});
listen("htmx:response:error", (region, way, detail) => {
  const { status } = detail.ctx.response;
  if (isStream(detail)) refused(region, way, status);
  else if (status === 401 || status === 403 || status === 404) location.reload();
  else say(region, "lost");
});
listen("htmx:error", (region, way, detail) => {
  if (isStream(detail)) ask(region, way);
  else say(region, "lost");
});
listen("htmx:after:request", (region, way, detail) => {
  if (way.asking && !isStream(detail) && detail.ctx.response.status < 400) say(region, "asking");
});
window.addEventListener("online", () => {
  for (const way of ways.values()) {
    if (way.asking) way.polls = POLLS_BEFORE_STREAM;
    else way.connection?.delayCanceller?.();
  }
});
