import { Button, Group, Progress, Text } from '@mantine/core';
import { duration } from '../../words';
import type { FolderSending } from './useFolderSending';
import { bytes } from './words';

/** How far a folder is, with the time left; it can be stopped and gone on with later. */
export function Sending({ sending }: { readonly sending: FolderSending }) {
  const { state } = sending;
  if (state.kind !== 'sending') {
    return null;
  }
  const { progress } = state;
  const share = progress.bytes === 0 ? 0 : (100 * progress.bytesDone) / progress.bytes;
  return (
    <>
      <Text fz="sm" role="status">
        {progress.filesDone} of {progress.files} files, {bytes(progress.bytesDone)} of {bytes(progress.bytes)}
        {progress.secondsLeft !== null && `, about ${duration(progress.secondsLeft)} left`}
      </Text>
      <Progress.Root size="sm">
        <Progress.Section value={share} aria-label="Bytes sent" />
      </Progress.Root>
      <Group gap="xs">
        <Button size="compact-sm" variant="default" onClick={sending.stop}>
          Stop
        </Button>
        <Text fz="xs" c="dimmed">
          What was sent is kept for three days. Leave this page open until all is there.
        </Text>
      </Group>
    </>
  );
}
