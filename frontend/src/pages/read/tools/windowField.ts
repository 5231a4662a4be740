/** The field of the window's width, for the key and the figures in the line below the image that lead to it. */
export const WINDOW_WIDTH_FIELD = 'window-width';

export function typeWindow(): void {
  const field = document.getElementById(WINDOW_WIDTH_FIELD);
  if (field instanceof HTMLInputElement) field.focus();
}
