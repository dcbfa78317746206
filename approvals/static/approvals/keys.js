// The queue and the page of one approval by keyboard. Without this script everything works with Tab and Enter.
document.addEventListener("DOMContentLoaded", () => {
  const rows = [...document.querySelectorAll("#result_list tr.data-row")];
  let here = -1;

  const go = (step) => {
    if (!rows.length) return;
    rows[here]?.classList.remove("ap-here");
    here = Math.min(Math.max(here + step, 0), rows.length - 1);
    rows[here].classList.add("ap-here");
    rows[here].querySelector("a")?.focus();
  };

  const show = (id, field) => {
    const form = document.getElementById(id);
    form?.scrollIntoView({ block: "nearest" });
    form?.querySelector(field)?.focus();
  };

  const swap = () => {
    const other = document.querySelector('input[name="ap-view"]:not(:checked)');
    if (other) other.checked = true;
  };

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    a: () => show("approve", "textarea"),
    r: () => show("reject", "select"),
    d: swap,
    q: () => document.getElementById("approve") && window.location.assign("../../"),
  };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=radio]), textarea, select, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
});
