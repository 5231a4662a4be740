"""How far readers agree: what charts are drawn from, with ids of cases to open.

Overlaps (dice, surface_dice) have no unit; `…_mm` are millimetres, `…_ml` millilitres, `…_seconds` seconds.
"""

from typing import Any

from rest_framework import serializers

from annotation.models import AgreementKind


class FigureOut(serializers.Serializer[Any]):
    """A statistic with its 95 % interval; null where undefined, unbounded or unknown: `reason` says why."""

    estimate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    method = serializers.CharField()
    reason = serializers.CharField()
    cases = serializers.IntegerField()
    readers = serializers.IntegerField()
    values = serializers.IntegerField()
    dropped = serializers.IntegerField(help_text="Values left out: not applicable or undefined.")
    worst = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of cases, worst first.")


class WhoOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["reader", "model", "all"])
    reader = serializers.IntegerField(allow_null=True)
    model_version = serializers.IntegerField(allow_null=True)


class StartOut(serializers.Serializer[Any]):
    """Where the reads began. Figures of different starting points are never pooled."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # fields leave the class again
    start_model_version = serializers.IntegerField(allow_null=True)
    model_version = serializers.IntegerField(allow_null=True, help_text="The model that is one of the sides.")


class BasisOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField(allow_null=True)
    behind = serializers.IntegerField(help_text="Changes that came since.")


class MetricsOut(serializers.Serializer[Any]):
    dice = FigureOut()
    surface_dice = FigureOut()
    hd95_mm = FigureOut()


class MeansOut(serializers.Serializer[Any]):
    dice = serializers.FloatField(allow_null=True)
    surface_dice = serializers.FloatField(allow_null=True)
    hd95_mm = serializers.FloatField(allow_null=True)


class PersonOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class Charts(serializers.Serializer[Any]):
    """What every answer says of itself."""

    metric_version = serializers.CharField()
    readers = PersonOut(many=True)


class StructuresOut(Charts):
    class MarkOut(serializers.Serializer[Any]):
        structure = serializers.CharField()
        kind = serializers.ChoiceField(choices=AgreementKind.choices)
        start = StartOut()
        who = WhoOut()
        figures = MetricsOut()
        basis = BasisOut()

    class BandOut(serializers.Serializer[Any]):
        structure = serializers.CharField()
        start = StartOut()
        figures = MetricsOut()
        volume_sd_ml = FigureOut()
        volume_cv = FigureOut()
        basis = BasisOut()

    marks = MarkOut(many=True)
    bands = BandOut(many=True, help_text="Readers against themselves.")


class MatricesOut(Charts):
    class MatrixOut(serializers.Serializer[Any]):
        class CellOut(MeansOut):
            reader_a = serializers.IntegerField()
            reader_b = serializers.IntegerField()
            structures = serializers.IntegerField()
            scores = serializers.IntegerField()
            both_empty = serializers.IntegerField()

        start = StartOut()
        structure = serializers.CharField(help_text="Empty: over all, each structure counting the same.")
        readers = serializers.ListField(child=serializers.IntegerField())
        cells = CellOut(many=True)

    matrices = MatrixOut(many=True)


class VolumesOut(Charts):
    class VolumeOut(serializers.Serializer[Any]):
        class PointOut(serializers.Serializer[Any]):
            case = serializers.IntegerField()
            mean_ml = serializers.FloatField()
            difference = serializers.FloatField(help_text="a − b in ml, or a / b.")

        structure = serializers.CharField()
        start = StartOut()
        a = WhoOut()
        b = WhoOut()
        scale = serializers.ChoiceField(choices=["difference", "ratio"])
        bias = FigureOut()
        lower = FigureOut()
        upper = FigureOut()
        sd = serializers.FloatField(allow_null=True)
        cases = serializers.IntegerField()
        points = PointOut(many=True)
        thinned = serializers.BooleanField(help_text="Whether there are fewer points than cases.")

    charts = VolumeOut(many=True)


class AnchoringOut(Charts):
    class GaugeOut(serializers.Serializer[Any]):
        structure = serializers.CharField()
        model_version = serializers.IntegerField()
        from_prediction = MetricsOut()
        from_scratch = MetricsOut()
        difference = MetricsOut()
        basis = BasisOut()

    gauges = GaugeOut(many=True)


class DriftOut(Charts):
    class ChartOut(serializers.Serializer[Any]):
        class ReadOut(serializers.Serializer[Any]):
            read = serializers.IntegerField()
            case = serializers.IntegerField()
            at = serializers.DateTimeField()
            model_version = serializers.IntegerField(allow_null=True)
            value = serializers.FloatField(help_text="Dice above the reader's usual.")
            ewma = serializers.FloatField(help_text="Standard deviations.")
            limit = serializers.FloatField()
            alarm = serializers.BooleanField()

        reader = serializers.IntegerField()
        kind = serializers.ChoiceField(choices=AgreementKind.choices)
        start = serializers.CharField()
        start_reads = serializers.IntegerField()
        usual_sd = serializers.FloatField(allow_null=True)
        marks = ReadOut(many=True)
        left_out = serializers.IntegerField(help_text="Marks before those that are sent.")
        reason = serializers.CharField()
        at = serializers.DateTimeField(help_text="When it was charted.")

    class AlarmOut(serializers.Serializer[Any]):
        reader = serializers.IntegerField()
        kind = serializers.ChoiceField(choices=AgreementKind.choices)
        start = serializers.CharField()
        read = serializers.IntegerField()
        case = serializers.IntegerField()
        value = serializers.FloatField()
        ewma = serializers.FloatField()
        limit = serializers.FloatField()
        at = serializers.DateTimeField()

    charts = ChartOut(many=True)
    alarms = AlarmOut(many=True)


class CalibrationsOut(Charts):
    class CalibrationOut(serializers.Serializer[Any]):
        class RateOut(serializers.Serializer[Any]):
            reader = serializers.IntegerField()
            sensitivity = FigureOut()
            specificity = FigureOut()

        structure = serializers.CharField()
        start = StartOut()
        cases = serializers.ListField(child=serializers.IntegerField())
        icc_agreement = FigureOut(help_text="Of volumes.")
        icc_consistency = FigureOut()
        share_case = FigureOut(help_text="Of the variance of volumes, by a mixed model.")
        share_reader = FigureOut()
        share_residual = FigureOut()
        conformity = FigureOut(help_text="Generalised conformity index, mean over cases.")
        presence_alpha = FigureOut(help_text="Krippendorff's α of present or absent.")
        presence_kappa = FigureOut(help_text="Fleiss' κ of present or absent.")
        tolerance_mm = FigureOut(help_text="The project's own τ.")
        rates = RateOut(many=True, help_text="STAPLE's.")
        rate_region = serializers.CharField()
        basis = BasisOut()

    structures = CalibrationOut(many=True)


class EffortsOut(Charts):
    class EffortOut(serializers.Serializer[Any]):
        class ToolOut(serializers.Serializer[Any]):
            seconds = serializers.FloatField()
            edits = serializers.FloatField()
            added = serializers.FloatField(help_text="Voxels.")
            removed = serializers.FloatField(help_text="Voxels.")

        reader = serializers.IntegerField()
        month = serializers.DateField(allow_null=True)
        round = serializers.IntegerField(allow_null=True, help_text="Version of the model begun from.")
        start = StartOut()
        reads = serializers.IntegerField()
        cases = serializers.ListField(child=serializers.IntegerField())
        active_seconds = serializers.FloatField(help_text="Per read.")
        idle_seconds = serializers.FloatField(help_text="Per read.")
        changed_voxels = serializers.FloatField(help_text="Per read, against what it began from.")
        moved_share = serializers.FloatField(allow_null=True)
        moved_mm = serializers.FloatField(allow_null=True)
        tools = serializers.DictField(child=ToolOut())

    efforts = EffortOut(many=True)


class MonthsOut(Charts):
    class MonthOut(serializers.Serializer[Any]):
        structure = serializers.CharField()
        kind = serializers.ChoiceField(choices=AgreementKind.choices)
        start = StartOut()
        month = serializers.DateField()
        scores = serializers.IntegerField()
        means = MeansOut()

    months = MonthOut(many=True)


class AgreementCasesOut(Charts):
    class CaseOut(MeansOut):
        case = serializers.IntegerField()
        number = serializers.IntegerField()
        structure = serializers.CharField()
        start = StartOut()
        scores = serializers.IntegerField()
        both_empty = serializers.IntegerField()
        one_empty = serializers.IntegerField()

    count = serializers.IntegerField()
    cases = CaseOut(many=True)


class ScoringFailureOut(serializers.Serializer[Any]):
    """A case whose comparison failed for good; null = the job that goes through the whole project."""

    case = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    sentence = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class ScoringOut(serializers.Serializer[Any]):
    """Comparisons that wait or run, and those that failed."""

    waiting = serializers.IntegerField(help_text="Jobs that have still to end.")
    done = serializers.IntegerField(help_text="Cases that the job for the whole project has gone through.")
    total = serializers.IntegerField(help_text="Of so many; 0 = no such job runs.")
    failed = serializers.IntegerField(help_text="Cases; those that are tried again do not count.")
    failures = ScoringFailureOut(many=True, help_text="The newest 50.")
