/**
 * A plane that is shown twice, side by side: whatever one of the two panes does, the other one does as well.
 *
 * Both draw the same image and each its own mask, from the buffers where they lie. The second pane is only to look at.
 */
import type { Triple } from '../../voxels';
import type { PlaneView, ScreenPoint } from '../planeFrame';
import { type PaneScene, PlanePane } from '../planePane';

interface Ring {
  readonly radiusPx: number;
  readonly colour: string;
}

const POINTER: Ring = { radiusPx: 5, colour: '#d5d9dd' };

/** What is linked of a pane. */
export interface LinkedPane {
  readonly view: PlaneView;
  follow(view: PlaneView): void;
}

/** Keeps two panes looking at the same place; a move that is passed on is not passed back. */
export class Link<P extends LinkedPane> {
  private readonly first: P;
  private readonly second: P;
  private isPassing = false;

  constructor(first: P, second: P) {
    this.first = first;
    this.second = second;
  }

  other(pane: P): P {
    return pane === this.second ? this.first : this.second;
  }

  moved(from: P): void {
    this.quietly(() => this.other(from).follow(from.view));
  }

  /** Does something with one pane that the other must not follow. */
  quietly(act: () => void): void {
    if (this.isPassing) return;
    this.isPassing = true;
    try {
      act();
    } finally {
      this.isPassing = false;
    }
  }
}

export class Twin {
  readonly pane: PlanePane;
  readonly leader: PlanePane;
  private readonly link: Link<PlanePane>;

  constructor(element: HTMLElement, leader: PlanePane, shape: Triple, scene: PaneScene) {
    this.leader = leader;
    this.pane = new PlanePane(element, leader.frame, shape, scene);
    this.pane.root.dataset.side = 'right';
    this.link = new Link(leader, this.pane);
  }

  /** One of the two looks elsewhere. */
  moved(pane: PlanePane): void {
    if (pane === this.leader || pane === this.pane) this.link.moved(pane);
  }

  /** The first pane decides what is seen: only it may fit itself to its element. */
  resized(): void {
    this.link.quietly(() => this.pane.resized());
    this.link.moved(this.leader);
  }

  tilt(degrees: Triple): void {
    this.link.quietly(() => this.pane.tilt(degrees));
    this.link.moved(this.leader);
  }

  /** A ring in the other pane where the pointer is in this one; null: the pointer has left. */
  point(from: PlanePane, at: ScreenPoint | null, ring: Ring = POINTER): void {
    if (from !== this.leader && from !== this.pane) return;
    const to = this.link.other(from);
    if (at === null) to.marks.hideBrush();
    else to.marks.brush(to.screenOf(from.indexAt(at)), ring.radiusPx, ring.colour);
  }

  remove(): void {
    this.leader.marks.hideBrush();
    this.pane.remove();
  }
}
