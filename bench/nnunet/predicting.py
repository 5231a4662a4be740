"""The validation scans, predicted by nnUNetPredictor as nnU-Net itself would."""

import json
from pathlib import Path

import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from bench.nnunet.settings import CONFIGURATION, PLANS, Settings
from bench.nnunet.trainer import BudgetTrainer


def predict(settings: Settings) -> None:
    """Write one label map per validation scan to the run's folder; those that are there are kept."""
    torch.set_num_threads(settings.threads)
    folder = Path(json.loads((settings.run / "train.json").read_text())["folder"])
    weights = torch.load(folder / "checkpoint_final.pth", map_location="cpu", weights_only=False)
    predictor = predictor_of(settings, weights["network_weights"])
    predictor.allowed_mirroring_axes = weights["inference_allowed_mirroring_axes"]
    (settings.run / "predicted").mkdir(exist_ok=True)
    scans = sorted((settings.raw / "imagesTs").glob("*_0000.nii.gz"))
    predictor.predict_from_files_sequential(
        [[str(scan)] for scan in scans],
        [str(settings.run / "predicted" / scan.name.removesuffix("_0000.nii.gz")) for scan in scans],
        save_probabilities=False,
        overwrite=False,
    )


def predictor_of(settings: Settings, weights: dict[str, torch.Tensor]) -> nnUNetPredictor:
    """Return nnU-Net's predictor with these weights (none: random): step 0.5, Gaussian, as it ships."""
    plans = PlansManager(json.loads((settings.preprocessed / f"{PLANS}.json").read_text()))
    dataset = json.loads((settings.preprocessed / "dataset.json").read_text())
    configuration = plans.get_configuration(CONFIGURATION)
    heads = plans.get_label_manager(dataset).num_segmentation_heads
    network = BudgetTrainer.build_network_architecture(
        plans, configuration, 1, heads, enable_deep_supervision=False
    )
    network.load_state_dict(weights or network.state_dict())
    predictor = nnUNetPredictor(
        tile_step_size=0.5,
        use_gaussian=True,
        use_mirroring=settings.mirror,
        perform_everything_on_device=False,
        device=torch.device("cpu"),
        allow_tqdm=False,
    )
    predictor.manual_initialization(network, plans, configuration, [weights], dataset, "BudgetTrainer", None)
    return predictor
