import { NativeSelect, NumberInput, Switch } from '@mantine/core';
import type { LearningPolicy, Queries, StrategyName } from '../../../../api';
import { STRATEGIES, wholeWords } from '../queries/words';
import type { Draft } from './draft';
import { NETWORKS, NUMBERS, type NumberAbout, UNITS } from './fields';
import classes from './rounds.module.css';

interface FieldsProps {
  readonly kept: LearningPolicy;
  readonly draft: Draft;
  readonly onChange: (changed: Draft) => void;
  /** Of how many scans a part can be chosen; not given: not known yet. */
  readonly predicted?: Queries['predicted'];
}

const STRATEGY_CHOICES = Object.entries(STRATEGIES).map(([value, label]) => ({ value, label }));

export function PolicyFields(props: FieldsProps) {
  const { kept, draft, onChange } = props;
  const automatic = draft.automatic ?? kept.automatic;
  return (
    <>
      <fieldset className={classes.fields}>
        <legend>When a training starts</legend>
        <Switch
          className={classes.whole}
          label="Trainings start by themselves"
          description="One at a time, and only of what was not learned yet. Off: by hand alone."
          checked={automatic === true}
          onChange={(event) => onChange({ automatic: event.currentTarget.checked })}
        />
        {NUMBERS.when.map((about) => (
          <NumberField key={about.field} about={about} isOff={automatic !== true} {...props} />
        ))}
      </fieldset>
      <fieldset className={classes.fields}>
        <legend>What a training does</legend>
        <Training {...props} />
      </fieldset>
      <fieldset className={classes.fields}>
        <legend>What the gate forgives</legend>
        {NUMBERS.gate.map((about) => (
          <NumberField key={about.field} about={about} {...props} />
        ))}
      </fieldset>
      <fieldset className={classes.fields}>
        <legend>What is read next</legend>
        <Reading {...props} />
      </fieldset>
    </>
  );
}

function Training(props: FieldsProps) {
  const { kept, draft, onChange } = props;
  const isWarm = (draft.weights ?? kept.weights) === 'warm';
  return (
    <>
      <NativeSelect
        label="Starts from"
        description="weights of the same network fit"
        data={[
          { value: 'warm', label: 'the serving model' },
          { value: 'scratch', label: 'nothing' },
        ]}
        value={draft.weights ?? kept.weights}
        onChange={(event) => {
          const weights = event.currentTarget.value as LearningPolicy['weights'];
          onChange(weights === 'scratch' ? { weights, frozen_encoder: false } : { weights });
        }}
      />
      <NativeSelect
        label="Network"
        description="another one starts from nothing"
        data={NETWORKS}
        value={draft.network ?? kept.network}
        onChange={(event) => onChange({ network: event.currentTarget.value as LearningPolicy['network'] })}
      />
      {NUMBERS.training.map((about) => (
        <NumberField key={about.field} about={about} {...props} />
      ))}
      <Switch
        className={classes.whole}
        label="Keep the encoder as it is"
        description="Trains the decoder alone: quicker, for few new cases. Needs a warm start."
        disabled={!isWarm}
        checked={(draft.frozen_encoder ?? kept.frozen_encoder) === true}
        onChange={(event) => onChange({ frozen_encoder: event.currentTarget.checked })}
      />
    </>
  );
}

function Reading(props: FieldsProps) {
  const { kept, draft, onChange, predicted } = props;
  const unit = draft.unit ?? kept.unit;
  const whole = predicted === undefined || unit === '' ? '' : wholeWords(unit, predicted);
  return (
    <>
      <NativeSelect
        label="Strategy"
        description="ranks unread cases"
        data={STRATEGY_CHOICES}
        value={draft.strategy ?? kept.strategy}
        onChange={(event) => onChange({ strategy: event.currentTarget.value as StrategyName })}
      />
      <NativeSelect
        label="Before there is a model"
        description="chooses the first cases"
        data={STRATEGY_CHOICES}
        value={draft.cold_start ?? kept.cold_start}
        onChange={(event) => onChange({ cold_start: event.currentTarget.value as StrategyName })}
      />
      <NativeSelect
        label="Readers get"
        description="parts once a model has predicted"
        data={[...UNITS]}
        value={unit}
        onChange={(event) => onChange({ unit: event.currentTarget.value as LearningPolicy['unit'] })}
      />
      {unit === 'cube' ? (
        <NumberField about={NUMBERS.cube} {...props} />
      ) : (
        <NumberField about={NUMBERS.slab} isOff={unit !== 'slab'} {...props} />
      )}
      {whole !== '' && (
        <p className={classes.parts} role="status">
          {whole}
        </p>
      )}
      {NUMBERS.reading.map((about) => (
        <NumberField key={about.field} about={about} {...props} />
      ))}
    </>
  );
}

interface NumberFieldProps extends FieldsProps {
  readonly about: NumberAbout;
  readonly isOff?: boolean;
}

function NumberField({ about, kept, draft, onChange, isOff = false }: NumberFieldProps) {
  const { field, label, words, unit, least, most, digits = 0, never } = about;
  const scale = unit === '%' ? 100 : 1;
  const value = field in draft ? draft[field] : kept[field];
  const isEmpty = value === null || value === '' || value === undefined;
  return (
    <NumberInput
      label={label}
      description={words}
      inputWrapperOrder={['label', 'description', 'input']}
      min={least}
      max={most}
      step={digits > 1 ? 0.005 : unit === '%' ? 5 : 1}
      decimalScale={digits}
      allowDecimal={digits > 0}
      allowNegative={false}
      suffix={` ${unit}`}
      placeholder={never ?? ''}
      disabled={isOff}
      value={isEmpty ? '' : Number((value * scale).toFixed(digits))}
      onChange={(typed) => onChange({ [field]: typed === '' ? '' : Number(typed) / scale })}
    />
  );
}
