import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { useVerdict } from '../../api';
import type { Stroke } from '../../viewer';
import type { Ijk } from '../../voxels';
import { saveSentence } from '../words';
import { ChangeTable, type StructureChange } from './changes';
import { KeyOverview } from './KeyOverview';
import type { OpenedCase } from './openCase';
import { Planes } from './Planes';
import classes from './ReadPage.module.css';
import { ReturnedStrip } from './ReturnedStrip';
import { useRead } from './readStore';
import { SidePanel } from './SidePanel';
import { StatusBar } from './StatusBar';
import { ToolColumn } from './ToolColumn';
import { TopBar } from './TopBar';
import { useKeys } from './useKeys';
import { useActiveSeconds, useLeaveGuard, useSaveState } from './useOpenCase';

interface DeskProps {
  readonly opened: OpenedCase;
  readonly username: string;
  /** Closes the case and fetches it again. */
  readonly onReopen: () => void;
}

/** The page of one open case: the same for who draws and for who reviews, but for the right panel. */
export function Desk({ opened, username, onReopen }: DeskProps) {
  const { assignment, queue } = opened;
  const isReview = assignment.role === 'review';
  const save = useSaveState(queue);
  const seconds = useActiveSeconds(opened);
  const changes = useChanges(opened);
  const judge = useJudge(opened);
  useLeaveGuard(save);
  useKeys({
    isReview,
    canJudge: isReview && assignment.editable && !judge.isPending,
    canSubmit: assignment.editable,
    accept: () => judge.give('accept', ''),
    walkChanges: changes.walk,
  });
  const onStroke = useCallback(
    (stroke: Stroke) => {
      queue.push({
        delta: stroke.delta,
        event: {
          tool: stroke.tool,
          structure: stroke.structure,
          layer: stroke.layer,
          added: stroke.added,
          removed: stroke.removed,
        },
      });
      changes.note(stroke);
    },
    [queue, changes.note],
  );
  return (
    <div className={classes.page}>
      <TopBar opened={opened} save={save} seconds={seconds} />
      <ReturnedStrip assignment={assignment} />
      <div className={classes.body}>
        <ToolColumn
          editable={assignment.editable}
          isReview={isReview}
          hasPrediction={opened.prediction !== null}
        />
        <Planes opened={opened} onStroke={onStroke} />
        <SidePanel
          opened={opened}
          save={save}
          username={username}
          changes={changes}
          judge={judge}
          onReopen={onReopen}
        />
      </div>
      <StatusBar head={queue.head} save={save} />
      <KeyOverview isReview={isReview} />
    </div>
  );
}

export interface Changes {
  readonly list: readonly StructureChange[];
  readonly isKnown: boolean;
  readonly current: number;
  readonly show: (at: number) => void;
  readonly walk: (by: 1 | -1) => void;
  readonly note: (stroke: Stroke) => void;
}

/** For a review: what the mask changed of the prediction, kept up to date while the reviewer fixes it. */
function useChanges({ assignment, mask, prediction }: OpenedCase): Changes {
  const table = useMemo(
    () =>
      assignment.role === 'review' && prediction !== null
        ? new ChangeTable(prediction, mask, assignment.volume.spacing_mm)
        : null,
    [assignment, mask, prediction],
  );
  const [list, setList] = useState<readonly StructureChange[]>(() => table?.list() ?? []);
  const [current, setCurrent] = useState(-1);
  const show = (at: number): void => {
    const change = list[at];
    if (change === undefined || table === null) {
      return;
    }
    const { structures, activate, port } = useRead.getState();
    setCurrent(at);
    activate(structures.find(({ layer, value }) => layer === change.layer && value === change.value));
    const place: Ijk | null = table.place(change.layer, change.value);
    if (place !== null) {
      port?.goTo(place);
    }
  };
  const note = useCallback(
    (stroke: Stroke) => {
      if (table !== null) {
        for (const { layer, k } of stroke.delta) {
          table.update(layer, k);
        }
        setList(table.list());
      }
    },
    [table],
  );
  const walk = (by: 1 | -1): void =>
    show(current < 0 && by < 0 ? list.length - 1 : (current + by + list.length) % list.length);
  return { list, isKnown: table !== null, current, show, walk, note };
}

export interface Judge {
  readonly give: (verdict: 'accept' | 'return', comment: string) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

/** A verdict waits until the fix is saved: it names the revision that it is about. */
function useJudge({ assignment, queue }: OpenedCase): Judge {
  const verdict = useVerdict(assignment.id);
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const send = async (kind: 'accept' | 'return', comment: string): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const saved = await queue.flush();
      if (saved.kind !== 'saved') {
        setProblem(`No verdict yet. ${saveSentence(saved)}`);
        return;
      }
      await verdict.mutateAsync({ verdict: kind, comment, revision: queue.head });
      await navigate({ to: '/worklist', search: { project: assignment.project.id } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { give: (kind, comment) => void send(kind, comment), isPending, problem };
}
