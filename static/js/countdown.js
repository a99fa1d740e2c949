// Keeps "in 8 s" and "for 2 min" true between two looks of the server. The times themselves stand beside them.
const words = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};

setInterval(() => {
  for (const part of document.querySelectorAll("[data-until]")) {
    const left = (Date.parse(part.dataset.until) - Date.now()) / 1000;
    part.textContent = left > 0 ? `in ${words(left)}` : "now";
  }
  for (const part of document.querySelectorAll("[data-since]")) {
    const age = (Date.now() - Date.parse(part.dataset.since)) / 1000;
    if (age < 86400) part.textContent = words(age);
  }
}, 1000);
