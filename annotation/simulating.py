"""What a worker does to answer "what if another strategy had chosen?": the replay, on accepted cases."""

from annotation import jobs, learning
from annotation.models import Job
from training.experiments.simulate import simulate
from training.experiments.simulate_order import Scene, SimulateOrder
from training.experiments.simulated import figures_of
from training.experiments.trial import Recipe
from training.progress import OnProgress, ShouldStop


def what_if(
    job: Job,
    lease: jobs.Lease,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    stop_if_asked: OnProgress,
) -> None:
    """Replay, going on where an earlier attempt on this machine stopped, and keep the figures."""
    learning.tidy_what_ifs()
    asked, folder = learning.what_if_of(job), learning.what_if_folder(job)
    frozen = learning.frozen_for(job, folder / "data", stop_if_asked)
    order = SimulateOrder(
        asked.strategies,
        asked.start,
        asked.query,
        asked.budget,
        asked.seeds,
        Recipe(budget_s=float(asked.seconds)),
    )
    points = simulate(
        order,
        Scene(frozen.structures, frozen.pool, frozen.test),
        folder / "out",
        on_progress=on_progress,
        should_stop=should_stop,
    )
    jobs.finish(lease, figures_of(points))
    learning.tidy_what_ifs()
