// Copies the text behind a link, as it is now. Without a clipboard the link opens it instead.
for (const link of document.querySelectorAll("a[data-copy]")) {
  link.addEventListener("click", async (click) => {
    if (!navigator.clipboard) return;
    click.preventDefault();
    try {
      const answer = await fetch(link.href);
      await navigator.clipboard.writeText(await answer.text());
      link.textContent = "Copied";
    } catch {
      location.assign(link.href);
    }
  });
}

// Copies the text of an element, or what a field holds, into the clipboard; where there is none, the button stays away.
for (const button of document.querySelectorAll("button[data-copies]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(text.value ?? text.textContent.trim());
      button.textContent = "Copied";
    } catch {
      if (text.select) text.select();
      else getSelection().selectAllChildren(text);
    }
  });
}
