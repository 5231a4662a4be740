import { Stepper } from '@mantine/core';
import { AFTERWARDS, BEFORE } from './afterwards';
import classes from './Wizard.module.css';

interface StepsProps {
  readonly at: number;
  readonly onStep: (step: number) => void;
}

/** Where one is. What made the project is done and cannot be gone back to. */
export function Steps({ at, onStep }: StepsProps) {
  const isMade = at >= BEFORE;
  return (
    <Stepper active={at} onStepClick={onStep} size="xs" className={classes.steps}>
      <Stepper.Step label="Name" allowStepSelect={!isMade && at > 0} />
      <Stepper.Step label="Structures" allowStepSelect={false} />
      {AFTERWARDS.map(({ value, label, note }) => (
        <Stepper.Step key={value} label={label} description={note} allowStepSelect={isMade} />
      ))}
    </Stepper>
  );
}
