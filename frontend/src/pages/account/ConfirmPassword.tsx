import { Button, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { PasswordWanted, useConfirmPassword } from '../../api';
import { Notice } from '../shell/Notice';

interface ConfirmPasswordProps {
  /** What an action failed with; only the wish for a password opens this. */
  readonly error: Error | null;
  readonly onConfirmed: () => void;
  readonly onClose: () => void;
}

/** Asks for the password once more in the middle of what needs it, and goes on. */
export function ConfirmPassword({ error, onConfirmed, onClose }: ConfirmPasswordProps) {
  const confirm = useConfirmPassword();
  const [password, setPassword] = useState('');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const done = (): void => {
      setPassword('');
      onConfirmed();
    };
    confirm.mutate(password, { onSuccess: done });
  };
  return (
    <Modal opened={error instanceof PasswordWanted} onClose={onClose} title="Is it you?" size="sm">
      <form onSubmit={send} aria-label="Confirm your password">
        <Stack gap="sm">
          <Text fz="sm">{error?.message}</Text>
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            data-autofocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {confirm.error !== null && <Notice tone="failed">{confirm.error.message}</Notice>}
          <Button type="submit" loading={confirm.isPending} disabled={password === ''}>
            Go on
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}

/** What to say of an error that no question for the password answers. */
export function problemOf(error: Error | null): string | null {
  return error === null || error instanceof PasswordWanted ? null : error.message;
}
