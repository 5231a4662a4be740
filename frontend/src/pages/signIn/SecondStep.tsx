import { Button, Stack, Text, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type SecondFactor, useSecondStep } from '../../api';
import { Notice } from '../shell/Notice';

interface SecondStepProps {
  readonly ways: readonly SecondFactor[];
  readonly onSignedIn: () => void;
  readonly onBack: () => void;
}

/** After the password: the security key, or a code of the app or of the sheet of recovery codes. */
export function SecondStep({ ways, onSignedIn, onBack }: SecondStepProps) {
  const step = useSecondStep();
  const [code, setCode] = useState('');
  const hasCode = ways.includes('totp') || ways.includes('recovery_codes');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    step.mutate(code.trim(), { onSuccess: onSignedIn });
  };
  return (
    <form onSubmit={send} aria-label="Second step">
      <Stack gap="sm">
        <Text fz="sm">Your password is right. This account asks for a second factor.</Text>
        {ways.includes('webauthn') && (
          <Button
            variant={hasCode ? 'default' : 'filled'}
            onClick={() => step.mutate(null, { onSuccess: onSignedIn })}
          >
            Use my security key
          </Button>
        )}
        {hasCode && (
          <>
            <TextInput
              label="Code"
              description={ways.includes('totp') ? 'From your app, or a recovery code.' : 'A recovery code.'}
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              autoFocus
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
            <Button type="submit" loading={step.isPending} disabled={code.trim() === ''}>
              Sign in
            </Button>
          </>
        )}
        {step.error !== null && <Notice tone="failed">{step.error.message}</Notice>}
        <Button variant="subtle" color="gray" onClick={onBack}>
          Back
        </Button>
      </Stack>
    </form>
  );
}
