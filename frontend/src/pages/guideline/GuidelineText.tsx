import type { Guideline, Structure } from '../../api';
import { GuidelinePictures } from './GuidelinePictures';
import classes from './GuidelineText.module.css';
import { Markdown } from './Markdown';

interface GuidelineTextProps {
  readonly guideline: Pick<Guideline, 'text' | 'structures'>;
  readonly structures: readonly Structure[];
}

/** A whole guideline: the text for all structures, then each with its pictures. */
export function GuidelineText({ guideline, structures }: GuidelineTextProps) {
  return (
    <div className={classes.written}>
      <Markdown source={guideline.text} />
      {structures.map(({ key, name, colour }) => {
        const chapter = guideline.structures[key];
        return (
          chapter !== undefined && (
            <section key={key} aria-label={name}>
              <h3 className={classes.name}>
                <span className={classes.dot} style={{ background: colour }} />
                {name}
              </h3>
              <Markdown source={chapter.text} />
              <GuidelinePictures images={chapter.images} name={name} />
            </section>
          )
        );
      })}
    </div>
  );
}
