import { Button, Progress } from '@mantine/core';
import type { OperationState } from '../../../../viewer';
import type { OperationName } from '../../../../voxels';
import { inThousands } from '../../../words';
import { useShownKey } from '../../keys/keyStore';
import { useRead } from '../../readStore';
import { useSizeWords } from '../../sizes';
import classes from './OperationBar.module.css';
import { type Ready, type Run, useOperation } from './useOperation';

interface OperationBarProps<N extends OperationName> {
  readonly name: N;
  readonly params: Ready<N>;
  /** Shows the result without being asked. */
  readonly live?: boolean;
}

/** Preview, apply or dismiss; what is at work and how far it is; why it could not be done. */
export function OperationBar<N extends OperationName>({ name, params, live = false }: OperationBarProps<N>) {
  const operation = useOperation(name, params, live);
  const missing = typeof params === 'string' ? params : null;
  return (
    <div className={classes.bar}>
      <Outcome state={operation.state} missing={missing} />
      <Buttons operation={operation} isMissing={missing !== null} />
    </div>
  );
}

function Outcome({ state, missing }: { readonly state: OperationState; readonly missing: string | null }) {
  const voxel_ml = useVoxelMl();
  const isMeasured = useRead((read) => read.isMeasured);
  const sizeOf = useSizeWords();
  if (state.kind === 'running') {
    return <Progress size="sm" value={state.share * 100} aria-label="How much of it is done" />;
  }
  if (state.kind === 'preview') {
    const volume = voxel_ml === null || !isMeasured ? '' : ` (${sizeOf(state.voxels * voxel_ml)})`;
    return (
      <p className={classes.words} role="status">
        {state.voxels === 0
          ? 'Nothing would change.'
          : `${inThousands(state.voxels)} voxels${volume} would change.`}{' '}
        {state.note}
      </p>
    );
  }
  const sentence = state.kind === 'failed' ? state.sentence : missing;
  return sentence === null ? null : (
    <p className={classes.problem} role={state.kind === 'failed' ? 'alert' : undefined}>
      {sentence}
    </p>
  );
}

function Buttons({ operation, isMissing }: { readonly operation: Run; readonly isMissing: boolean }) {
  const { state, run } = operation;
  const tools = useRead((read) => read.port?.tools);
  const enter = useShownKey('finish.submit');
  if (state.kind === 'running') {
    return (
      <Button size="compact-sm" variant="default" onClick={() => tools?.dismiss()}>
        Cancel
      </Button>
    );
  }
  if (state.kind === 'preview') {
    return (
      <div className={classes.buttons}>
        <Button size="compact-sm" disabled={state.voxels === 0} onClick={() => tools?.apply()}>
          Apply ({enter})
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => tools?.dismiss()}>
          Dismiss (Esc)
        </Button>
      </div>
    );
  }
  return (
    <div className={classes.buttons}>
      <Button size="compact-sm" variant="default" disabled={isMissing} onClick={() => run(true)}>
        Preview
      </Button>
      <Button size="compact-sm" variant="default" disabled={isMissing} onClick={() => run(false)}>
        Apply at once
      </Button>
    </div>
  );
}

function useVoxelMl(): number | null {
  return useRead((read) => read.voxel_ml);
}
