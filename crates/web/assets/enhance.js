// What is a little better with a script. Every page is complete without it.
(() => {
  "use strict";

  // Times in the reader's own zone; the exact moment stays in the title.
  const localTimes = (root) => {
    const formats = {
      moment: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
      day: new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }),
    };
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      time.title = `${time.textContent.trim()} (${time.dateTime})`;
      time.textContent = formats[time.dataset.show === "day" ? "day" : "moment"].format(moment);
    }
  };

  const copyButtons = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
  };

  const enhance = (root) => {
    localTimes(root);
    copyButtons(root);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select the text and copy it";
    }
    setTimeout(() => (button.textContent = label), 2000);
  });

  // A second click while the first is on its way would only be confusing. After this tick, so that the button's value is sent.
  document.addEventListener("submit", (event) => {
    setTimeout(() => {
      for (const button of event.target.querySelectorAll("button")) {
        button.disabled = true;
        button.setAttribute("aria-busy", "true");
      }
    });
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("button[aria-busy]")) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });

  // Parts that change by themselves: the same page is asked for again, and the part with the same id taken from it.
  const live = [...document.querySelectorAll("[data-live][id]")];
  const seen = new Map(live.map((part) => [part.id, part.innerHTML]));
  const inUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]");
  const look = async () => {
    // All of them or none, so that they never contradict each other.
    if (document.hidden || live.some(inUse)) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of live) {
        const fresh = page.getElementById(part.id);
        if (!fresh) return location.reload();
        if (fresh.innerHTML === seen.get(part.id)) continue;
        seen.set(part.id, fresh.innerHTML);
        part.replaceChildren(...document.importNode(fresh, true).childNodes);
        enhance(part);
      }
    } catch {
      // The server is away; the next look may find it.
    }
  };

  enhance(document);
  if (live.length) setInterval(look, 5000);

  // An error summary is where one should be after a form came back.
  document.querySelector("[data-focus]")?.focus();
})();
