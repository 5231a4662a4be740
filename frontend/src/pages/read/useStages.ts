import { startTransition, useEffect, useState } from 'react';

/**
 * Mounts a large page in pieces, each in a task of its own: whether the piece of this name has had its turn. What is
 * mounted in one piece cannot be interrupted when React puts it into the document.
 */
export function useStages<Stage extends string>(stages: readonly Stage[]): (stage: Stage) => boolean {
  const [done, setDone] = useState(0);
  useEffect(() => {
    if (done >= stages.length) {
      return undefined;
    }
    const timer = setTimeout(() => startTransition(() => setDone(done + 1)), 0);
    return () => clearTimeout(timer);
  }, [done, stages]);
  return (stage) => stages.indexOf(stage) < done;
}
