"""What all parts of the comparison share: where files lie, and the size of network and patch."""

from dataclasses import dataclass
from pathlib import Path

DATASET_ID, DATASET = 501, "Dataset501_OpenKBP"
PLANS, CONFIGURATION = "nnUNetPlans", "3d_small"
PATCH_IJK = (48, 48, 64)
BATCH_SIZE = 2
BASE_FEATURES = 16


@dataclass(frozen=True)
class Settings:
    """The arguments of the command line. `data` is the folder of OpenKBP, `work` what is written to."""

    data: Path
    work: Path
    budget_s: float
    clock: str
    threads: int
    seed: int
    unknown: str
    bf16: bool
    optimiser: str
    mirror: bool
    volume: Path | None
    spacing_mm: float
    steps: int
    beside: Path | None

    @property
    def base(self) -> Path:
        """Where one treatment of organs that were not drawn has its data set and runs."""
        return self.work / self.unknown

    @property
    def raw(self) -> Path:
        """nnU-Net's raw data set: scans and label maps."""
        return self.base / "raw" / DATASET

    @property
    def preprocessed(self) -> Path:
        """The scans as nnU-Net trains on them, with its fingerprint and plans."""
        return self.base / "preprocessed" / DATASET

    @property
    def name(self) -> str:
        """What distinguishes one training of this data set from another."""
        parts = [self.optimiser, "bf16" if self.bf16 else "fp32", f"{self.budget_s:g}s", f"seed{self.seed}"]
        return "-".join(parts + ["processor"] * (self.clock == "processor") + ["mirror"] * self.mirror)

    @property
    def run(self) -> Path:
        """The folder of this training."""
        return self.base / "runs" / self.name

    @property
    def environment(self) -> dict[str, str]:
        """What nnU-Net reads from its environment."""
        return {
            "nnUNet_raw": str(self.raw.parent),
            "nnUNet_preprocessed": str(self.preprocessed.parent),
            "nnUNet_results": str(self.run),
            "nnUNet_n_proc_DA": str(self.threads),
            "nnUNet_def_n_proc": str(self.threads),
            "nnUNet_compile": "f",
            "OMP_NUM_THREADS": str(self.threads),
            "DELINEATE_THREADS": str(self.threads),
        }
