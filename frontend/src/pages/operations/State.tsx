import classes from './Operations.module.css';
import type { Said } from './words';

/** A state in words; the colour only repeats it. */
export function State({ said }: { readonly said: Said }) {
  return (
    <span className={classes.state} data-tone={said.tone}>
      {said.words}
    </span>
  );
}
