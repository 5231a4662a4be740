import { useRead } from '../../readStore';

/** The active structure of the neighbouring slice is taken over into this one, in the plane last used. */
export function copySlice(from: 1 | -1): void {
  const { port, active } = useRead.getState();
  if (port === null || active === null) {
    return;
  }
  const plane = port.tools.plane();
  const to = port.views.slices[plane];
  const { layer, value } = active;
  port.tools.run('paste_slice', { target: { layer, value }, plane, from: to + from, to }, { preview: false });
}
