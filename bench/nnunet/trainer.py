"""nnU-Net's trainer with as many iterations as fit a budget of seconds, instead of 250 000."""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from torch import Tensor, nn

from bench.nnunet.settings import CONFIGURATION, PLANS, Settings

EPOCHS = 50
_TIMED, _WARM = 8, 3
_ADAM_RATE = 1e-3  # nnU-Net's own variant nnUNetTrainerAdam1en3


class BudgetTrainer(nnUNetTrainer):
    """Everything as nnU-Net has it but for the number of epochs and iterations, and what `settings` asks for.

    The learning rate falls over `EPOCHS` epochs as nnU-Net's falls over 1000. Before each epoch the number of
    its iterations is set so that the epochs left fill the seconds left, at the speed of the last epoch: the
    budget is met whatever else the machine does; by the processor's clock, even the iterations are then those
    of a machine of its own. What counts as training is the training part of an epoch
    (batches, augmentation, steps), not validation and not checkpoints.
    """

    def begin(self, settings: Settings) -> None:
        """Take the settings, build network, optimiser and loss, and go on from a checkpoint that is there."""
        self.settings = settings
        self.now = time.process_time if settings.clock == "processor" else time.perf_counter
        self.num_epochs, self.num_val_iterations_per_epoch, self.save_every = EPOCHS, 1, 1
        if settings.optimiser == "adam":
            self.initial_lr = _ADAM_RATE
        self.used_s, self.iterations, self.step_s = 0.0, 0, 0.0
        self.folder = Path(self.output_folder)
        latest = self.folder / "checkpoint_latest.pth"
        if latest.is_file():
            self.num_epochs = self._clock()[-1]["epochs"]
        self.initialize()
        if settings.bf16:
            in_bf16(self.network)
        if latest.is_file():
            self.load_checkpoint(str(latest))
            clock = next(line for line in reversed(self._clock()) if line["epoch"] == self.current_epoch)
            self.used_s, self.iterations, self.step_s = clock["used_s"], clock["iterations"], clock["step_s"]
            print(
                f"Going on after epoch {self.current_epoch}/{self.num_epochs}, {self.used_s:.0f} s trained."
            )

    def configure_optimizers(self) -> Any:
        """As nnU-Net, or as its own variant nnUNetTrainerAdam."""
        if self.settings.optimiser == "sgd":
            return super().configure_optimizers()
        adam = torch.optim.AdamW(
            self.network.parameters(), lr=self.initial_lr, weight_decay=self.weight_decay, amsgrad=True
        )
        return adam, PolyLRScheduler(adam, self.initial_lr, self.num_epochs)

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(self) -> Any:  # noqa: N802 - nnU-Net's name
        """As nnU-Net, or as its own variant nnUNetTrainerNoMirroring: parotids have sides."""
        rotation, flat, size, mirror = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        if not self.settings.mirror:
            mirror = self.inference_allowed_mirroring_axes = None
        return rotation, flat, size, mirror

    def on_train_start(self) -> None:
        """As nnU-Net; then time a few steps on real batches, and put weights and optimiser back."""
        super().on_train_start()
        if self.step_s:
            return
        before = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.train()
        taken = []
        for _ in range(_WARM + _TIMED):
            start = self.now()
            self.train_step(next(self.dataloader_train))
            taken.append(self.now() - start)
        self.step_s = float(np.median(taken[_WARM:]))
        self.num_epochs = max(1, min(EPOCHS, self._affordable()))
        self.network.load_state_dict(before)
        self.optimizer, self.lr_scheduler = self.configure_optimizers()
        print(f"A step with its batch takes {self.step_s:.2f} s: {self._affordable()} fit the budget.")

    def on_train_epoch_start(self) -> None:
        """As nnU-Net, with as many iterations as this epoch's share of the seconds left allows."""
        super().on_train_epoch_start()
        self.num_iterations_per_epoch = max(
            1, round(self._affordable() / (self.num_epochs - self.current_epoch))
        )
        self.started = self.now()

    def on_train_epoch_end(self, train_outputs: list[dict[str, Any]]) -> None:
        """As nnU-Net; the clock stops here."""
        taken = self.now() - self.started
        self.used_s += taken
        self.iterations += len(train_outputs)
        self.step_s = taken / len(train_outputs)
        line = {
            "epoch": self.current_epoch + 1,
            "epochs": self.num_epochs,
            "used_s": self.used_s,
            "iterations": self.iterations,
            "step_s": self.step_s,
        }
        with (self.folder / "clock.jsonl").open("a") as clock:
            clock.write(json.dumps(line) + "\n")
        super().on_train_epoch_end(train_outputs)

    def _affordable(self) -> int:
        return max(0, round((self.settings.budget_s - self.used_s) / self.step_s))

    def _clock(self) -> list[dict[str, Any]]:
        """Return what the clock said after each epoch."""
        return [json.loads(line) for line in (self.folder / "clock.jsonl").read_text().splitlines()]


def in_bf16(network: nn.Module) -> None:
    """Let the network compute in bf16 and put out fp32; losses stay in fp32."""
    forward = network.forward

    def cast(image: Tensor) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            heads = forward(image)
        return heads.float() if isinstance(heads, Tensor) else [head.float() for head in heads]

    network.forward = cast


def trainer_of(settings: Settings) -> BudgetTrainer:
    """Return the trainer of the small configuration on all training cases.

    It augments in its own process: on two cores, background processes would only take turns with the steps.
    """
    os.environ.update({"nnUNet_n_proc_DA": "0"})
    plans = json.loads((settings.preprocessed / f"{PLANS}.json").read_text()) | {"continue_training": False}
    dataset = json.loads((settings.preprocessed / "dataset.json").read_text())
    trainer = BudgetTrainer(plans, CONFIGURATION, "all", dataset, torch.device("cpu"))
    trainer.begin(settings)
    return trainer


def train(settings: Settings) -> None:
    """Train within the budget; a run that was interrupted goes on, a finished one is left alone."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    np.random.seed(settings.seed)  # nnU-Net's batches and augmentation draw from numpy's global generator
    if (settings.run / "train.json").is_file():
        print(f"{settings.name} is trained already.")
        return
    trainer = trainer_of(settings)
    for line in changes(trainer):
        print(line)
    trainer.run_training()
    voxels = int(np.prod(trainer.configuration_manager.patch_size)) * trainer.batch_size
    found = {
        "iterations": trainer.iterations,
        "seconds": round(trainer.used_s, 1),
        "voxels_per_s": round(trainer.iterations * voxels / trainer.used_s),
        "folder": str(trainer.folder),
        "changes": changes(trainer),
    }
    (settings.run / "train.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))


def changes(trainer: BudgetTrainer) -> list[str]:
    """Return one line per choice in which this training differs from nnU-Net's own."""
    settings = trainer.settings
    spent = " of the processor, all threads together" if settings.clock == "processor" else ""
    lines = [
        f"training: 1000 epochs of 250 iterations -> {trainer.num_epochs} epochs, as many iterations as fit "
        f"{settings.budget_s:g} s{spent}; poly learning rate over them",
        "training: 50 validation iterations per epoch -> 1 (for its log; not in the budget)",
        "training: one fold of five -> all training cases; the last weights are used, as nnU-Net does",
        f"training: augmentation in background processes -> in its own, {settings.threads} threads in all",
    ]
    if not settings.mirror:
        lines.append("training: mirrored on all axes -> not mirrored (its variant nnUNetTrainerNoMirroring)")
    if settings.optimiser == "adam":
        lines.append("training: SGD 0.01 -> AdamW 0.001 amsgrad (its variant nnUNetTrainerAdam1en3)")
    if settings.bf16:
        lines.append("training: fp32 on a processor -> bf16 autocast of the network")
    return lines
