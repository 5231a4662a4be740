import { Button, MultiSelect, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type Project, type StructureGroup, useChangeGroups, useGroups } from '../../../api';
import { Notice } from '../../shell/Notice';
import { LEVEL_CHOICES, levelOf } from '../team/teamWords';
import classes from './Plan.module.css';
import { Section } from './Section';

/** Structures that one reader draws together; each case has a part for each group. */
export function Groups({ project }: { readonly project: Project }) {
  const set = useGroups(project.id);
  return (
    <Section
      title="Structure groups"
      lead="Without groups one reader draws all of a case. With groups each is claimed, read and reviewed by itself, by readers who may differ, and one can ask for experience. They can be changed only before the first case is read; a structure that is added later can still be put into one of them."
      asked={set}
    >
      {(groups) => <Editor key={JSON.stringify(groups)} project={project} kept={groups} />}
    </Section>
  );
}

interface EditorProps {
  readonly project: Project;
  readonly kept: readonly StructureGroup[];
}

function Editor({ project, kept }: EditorProps) {
  const change = useChangeGroups(project.id);
  const [groups, setGroups] = useState(kept);
  const taken = new Set(groups.flatMap(({ structures }) => structures));
  const left = project.structures.filter(({ key }) => !taken.has(key));
  const isChanged = JSON.stringify(groups) !== JSON.stringify(kept);
  const replace = (at: number, group: StructureGroup): void =>
    setGroups(groups.map((other, index) => (index === at ? group : other)));
  return (
    <>
      {groups.map((group, index) => (
        <GroupRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a draft has nothing else to be known by
          key={index}
          number={index + 1}
          group={group}
          project={project}
          free={left.map(({ key }) => key)}
          onChange={(changed) => replace(index, changed)}
          onRemove={() => setGroups(groups.filter((_, other) => other !== index))}
        />
      ))}
      {groups.length > 0 && left.length > 0 && (
        <p className={classes.quiet}>
          In no group yet: {left.map(({ name }) => name).join(', ')}. Nobody is given them to draw.
        </p>
      )}
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      <div className={classes.buttons}>
        <Button
          variant="default"
          disabled={left.length === 0}
          onClick={() =>
            setGroups([...groups, { name: '', structures: left.map(({ key }) => key), least_level: 1 }])
          }
        >
          Add a group
        </Button>
        {(isChanged || change.error !== null) && (
          <>
            <Button loading={change.isPending} disabled={!isChanged} onClick={() => change.mutate(groups)}>
              Save the groups
            </Button>
            <Button
              variant="default"
              onClick={() => {
                setGroups(kept);
                change.reset();
              }}
            >
              Discard
            </Button>
          </>
        )}
        {groups.length === 0 && !isChanged && <span className={classes.note}>There are no groups.</span>}
      </div>
    </>
  );
}

interface GroupRowProps {
  readonly number: number;
  readonly group: StructureGroup;
  readonly project: Project;
  /** Keys that are in no group. */
  readonly free: readonly string[];
  readonly onChange: (group: StructureGroup) => void;
  readonly onRemove: () => void;
}

function GroupRow({ number, group, project, free, onChange, onRemove }: GroupRowProps) {
  const choices = project.structures
    .filter(({ key }) => free.includes(key) || group.structures.includes(key))
    .map(({ key, name }) => ({ value: key, label: name }));
  return (
    <fieldset className={classes.group} aria-label={`Group ${number}`}>
      <TextInput
        className={classes.middle}
        label="Name"
        maxLength={80}
        value={group.name}
        onChange={(event) => onChange({ ...group, name: event.currentTarget.value })}
      />
      <MultiSelect
        className={classes.structures}
        label="Structures"
        searchable
        data={choices}
        value={group.structures}
        onChange={(structures) => onChange({ ...group, structures })}
      />
      <NativeSelect
        className={classes.narrow}
        label="At least"
        data={LEVEL_CHOICES}
        value={String(group.least_level)}
        onChange={(event) => onChange({ ...group, least_level: levelOf(event.currentTarget.value) })}
      />
      <Button variant="default" aria-label={`Remove group ${number}`} onClick={onRemove}>
        Remove
      </Button>
    </fieldset>
  );
}
