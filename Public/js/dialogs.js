// <dialog> wiring by attributes: data-opens="id", data-closes, data-presses="id of another button".
// Esc and the return of focus are the element's own.

export function openDialog(dialog) {
  if (!dialog.open) dialog.showModal();
}

export const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) openDialog(document.getElementById(opener.dataset.opens));
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    const presser = event.target.closest("[data-presses]");
    if (presser) document.getElementById(presser.dataset.presses)?.click();
  });
  // A press that begins on the veil closes; one that only ends there (a text selection) does not.
  document.addEventListener("pointerdown", (event) => {
    if (!(event.target instanceof HTMLDialogElement)) return;
    const box = event.target.getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!isInside) event.target.close();
  });
}
