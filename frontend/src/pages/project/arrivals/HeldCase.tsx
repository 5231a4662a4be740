import { Button, Group, Modal, Slider, Text } from '@mantine/core';
import { useState } from 'react';
import { type CaseRow, sliceUrl, useReleaseCase, useRemoveCase } from '../../../api';
import { caseLabel } from '../../words';
import classes from './HeldCase.module.css';

interface HeldCaseProps {
  readonly project: number;
  readonly row: CaseRow;
  readonly onDone: () => void;
}

/** A lead looks through a held case, slice by slice, and decides. */
export function HeldCase({ project, row, onDone }: HeldCaseProps) {
  const [isOpen, setOpen] = useState(false);
  const close = (): void => {
    setOpen(false);
    onDone();
  };
  return (
    <>
      <Button size="xs" onClick={() => setOpen(true)}>
        Look at held case…
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={`${caseLabel(row.number)} is held`}
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Text fz="sm" mb="sm">
          Its files say that text is burned into the pixels. Look through all slices: if the text names
          nobody, release the case; if it does, remove it.
        </Text>
        <Slices row={row} />
        <Decision project={project} row={row} onDone={close} />
      </Modal>
    </>
  );
}

function Slices({ row }: { readonly row: CaseRow }) {
  const [slice, setSlice] = useState(Math.floor(row.slices / 2));
  const [failed, setFailed] = useState<number | null>(null);
  return (
    <figure className={classes.slices}>
      {failed === slice ? (
        <p role="alert">This slice could not be loaded. Move on and come back to try again.</p>
      ) : (
        <img
          className={classes.slice}
          src={sliceUrl(row.id, slice)}
          alt={`Slice ${slice + 1} of ${row.slices}`}
          onError={() => setFailed(slice)}
        />
      )}
      <figcaption>
        Slice {slice + 1} of {row.slices}, from −1000 to 1000 HU
      </figcaption>
      <Slider
        min={0}
        max={row.slices - 1}
        value={slice}
        onChange={(next) => {
          setSlice(next);
          setFailed(null);
        }}
        label={(at) => at + 1}
        thumbLabel="Slice"
      />
    </figure>
  );
}

function Decision({ project, row, onDone }: HeldCaseProps) {
  const [isAsking, setAsking] = useState(false);
  const release = useReleaseCase(project);
  const remove = useRemoveCase(project);
  const isBusy = release.isPending || remove.isPending;
  const problem = release.error ?? remove.error;
  return (
    <>
      <Group gap="xs" mt="md">
        <Button
          size="xs"
          disabled={isBusy}
          loading={release.isPending}
          onClick={() => release.mutate(row.id, { onSuccess: onDone })}
        >
          Release to the readers
        </Button>
        {isAsking ? (
          <Button
            size="xs"
            color="red"
            disabled={isBusy}
            loading={remove.isPending}
            onClick={() => remove.mutate(row.id, { onSuccess: onDone })}
          >
            Remove for good
          </Button>
        ) : (
          <Button size="xs" variant="default" disabled={isBusy} onClick={() => setAsking(true)}>
            Remove…
          </Button>
        )}
      </Group>
      {problem !== null && (
        <Text fz="sm" mt="xs" role="alert">
          {problem.message}
        </Text>
      )}
    </>
  );
}
