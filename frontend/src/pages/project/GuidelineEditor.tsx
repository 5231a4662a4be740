import { Button, Group, Textarea, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { ApiError, type Guideline, type Project } from '../../api';
import { Markdown } from '../guideline/Markdown';
import { useSaveGuideline } from '../guideline/useGuideline';
import { Notice } from '../shell/Notice';
import classes from './GuidelineEditor.module.css';
import { GuidelineImages } from './GuidelineImages';
import {
  type Draft,
  draftOf,
  hasContent,
  isChanged,
  NO_CHAPTER,
  requestOf,
  withChapter,
} from './guidelineDraft';

const LONGEST = 20_000;

interface GuidelineEditorProps {
  readonly project: Project;
  readonly guideline: Guideline;
  readonly onClose: () => void;
}

/** One text for all structures and one for each, with pictures; saving makes a new version. */
export function GuidelineEditor({ project, guideline, onClose }: GuidelineEditorProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(guideline));
  /** Null: the text for all structures. */
  const [chosen, setChosen] = useState<string | null>(null);
  const save = useSaveGuideline(project.id);
  const structure = project.structures.find(({ key }) => key === chosen);
  const send = () => save.mutate(requestOf(draft), { onSuccess: onClose });
  return (
    <section className={classes.editor} aria-label="Guideline editor">
      <Chapters project={project} draft={draft} chosen={chosen} onChoose={setChosen} />
      <div className={classes.chapter}>
        {structure === undefined ? (
          <Writing label="All structures" text={draft.text} onText={(text) => setDraft({ ...draft, text })} />
        ) : (
          <>
            <Writing
              key={structure.key}
              label={structure.name}
              text={(draft.chapters[structure.key] ?? NO_CHAPTER).text}
              onText={(text) => setDraft(withChapter(draft, structure.key, { text }))}
            />
            <GuidelineImages
              project={project.id}
              name={structure.name}
              images={(draft.chapters[structure.key] ?? NO_CHAPTER).images}
              onChange={(images) => setDraft((now) => withChapter(now, structure.key, { images }))}
            />
          </>
        )}
        {save.error !== null && (
          <Problem
            error={save.error}
            newest={guideline}
            onTakeOver={(base) => setDraft({ ...draft, base })}
          />
        )}
        <Group gap="xs">
          <Button loading={save.isPending} disabled={!isChanged(draft, guideline)} onClick={send}>
            Save as version {draft.base + 1}
          </Button>
          <Button variant="default" onClick={onClose}>
            {isChanged(draft, guideline) ? 'Discard' : 'Close'}
          </Button>
        </Group>
      </div>
    </section>
  );
}

interface ProblemProps {
  readonly error: Error;
  readonly newest: Guideline;
  readonly onTakeOver: (base: number) => void;
}

/** Somebody else saved meanwhile: what was written here stays in the boxes until its author decides. */
function Problem({ error, newest, onTakeOver }: ProblemProps) {
  const version = error instanceof ApiError && error.status === 409 ? error.extra.version : undefined;
  return (
    <Notice tone={version === undefined ? 'failed' : 'needsYou'}>
      {error.message} What you wrote is still here.
      {typeof version === 'number' && version !== newest.version && (
        <Button size="compact-xs" variant="default" ml="xs" onClick={() => onTakeOver(version)}>
          Replace version {version} with mine
        </Button>
      )}
    </Notice>
  );
}

interface ChaptersProps {
  readonly project: Project;
  readonly draft: Draft;
  readonly chosen: string | null;
  readonly onChoose: (key: string | null) => void;
}

function Chapters({ project, draft, chosen, onChoose }: ChaptersProps) {
  return (
    <nav className={classes.chapters} aria-label="Chapters">
      <UnstyledButton
        className={classes.choice}
        aria-current={chosen === null}
        onClick={() => onChoose(null)}
      >
        All structures
      </UnstyledButton>
      {project.structures.map(({ key, name, colour }) => (
        <UnstyledButton
          key={key}
          className={classes.choice}
          aria-current={chosen === key}
          onClick={() => onChoose(key)}
        >
          <span className={classes.dot} style={{ background: colour }} />
          <span className={classes.name}>{name}</span>
          {hasContent(draft.chapters[key] ?? NO_CHAPTER) && <span className={classes.has}>written</span>}
        </UnstyledButton>
      ))}
    </nav>
  );
}

interface WritingProps {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Writing({ label, text, onText }: WritingProps) {
  return (
    <div className={classes.writing}>
      <Textarea
        label={label}
        description="# heading, - list, **bold**, *italic*, [text](https://…)"
        autosize
        minRows={10}
        maxRows={24}
        maxLength={LONGEST}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
      />
      <section className={classes.preview} aria-label="As readers see it">
        {text.trim() === '' ? <p className={classes.quiet}>As readers see it</p> : <Markdown source={text} />}
      </section>
    </div>
  );
}
