import { useEffect, useRef } from 'react';
import type { Assignment } from '../../../api';
import { showFirst } from '../../../viewer';
import { PLANES, type Plane } from '../../../voxels';
import { readLabel } from '../../words';
import page from '../ReadPage.module.css';
import { useRead } from '../readStore';
import { askedBox } from './asked';
import classes from './FirstLook.module.css';
import { placeOf } from './layouts';
import planes from './Planes.module.css';

/** The image where it will be when the case is open: the masks take a moment longer. */
export function FirstLook({ assignment }: { readonly assignment: Assignment }) {
  const elements = useRef<Partial<Record<Plane, HTMLDivElement>>>({});
  const layout = useRead((state) => state.layout);
  const single = useRead((state) => state.single);
  useEffect(() => {
    const { volume } = assignment;
    const imageUrl = `/api/volumes/${volume.id}/zarr`;
    const { window } = useRead.getState();
    return showFirst(elements.current, { volume, imageUrl, window, bounds: askedBox(assignment) });
  }, [assignment]);
  return (
    <div className={page.page}>
      <p className={classes.bar}>{readLabel(assignment.alias, assignment.case?.number)} is being opened…</p>
      <div className={page.body}>
        <span className={classes.tools} />
        <div className={planes.planes} data-layout={layout}>
          {PLANES.map((plane) => (
            <div
              key={plane}
              className={planes.pane}
              data-place={placeOf(plane, layout, single, null) ?? 'none'}
            >
              <div
                ref={(element) => {
                  if (element !== null) elements.current[plane] = element;
                }}
                className={planes.plane}
              />
              <span className={classes.rail} />
            </div>
          ))}
        </div>
      </div>
      <span className={classes.foot} />
    </div>
  );
}
