"""What the figures show, and that they are drawn the same every time."""

from matplotlib.image import imread
from matplotlib.patches import Rectangle

from sim.history import History
from sim.plots import availability, draw_all, duplicates, one_duplicate
from sim.plots.spacetime import Arrow, Point, Span, diagram, rows_of
from sim.trial import Trial
from tests.told import EAST, WEST, Told

KEY = "payment:idem:W1"


def twice():
    """Payment W1: its first answer is lost, East US does not know the claim, and captures again."""
    told = Told().fault(0, 60, "partition", "West Europe | East US")
    told.op(f"SET {KEY} West_Europe#1 NX EX 60", 1, 1.002, process=1)
    told.history.ops[-1] = _with_token(told.history.ops[-1], "West Europe#1 in-flight")
    told.claim("W1", 1.002, "West Europe#1", until=61)
    told.op("CAPTURE W1 -", 1.002, 1.3, place="North Europe", process=1)
    told.history.ops[-1] = _provider_op(told.history.ops[-1], "West Europe#1")
    told.capture("W1", 1.2, "West Europe#1")
    told.op(f"SET {KEY} East_US#2 NX EX 60", 7, 7.002, place=EAST, process=2)
    told.history.ops[-1] = _with_token(told.history.ops[-1], "East US#2 in-flight")
    told.claim("W1", 7.002, "East US#2", until=67, place=EAST)
    told.op("CAPTURE W1 -", 7.002, 7.4, place="North Europe", process=2)
    told.history.ops[-1] = _provider_op(told.history.ops[-1], "East US#2")
    told.capture("W1", 7.3, "East US#2").event("done", 7.5, "W1", place=EAST, token="East US#2")
    told.pay("W1", 1, 7.5).pay("W2", 2, 2.5).capture("W2", 2.2, "West Europe#3")
    told.reads()
    return told.lag(1.002, 60.1).event("objective", 0, "pay", place="", within_us=10_000_000)


def _with_token(op, value):
    return _changed(op, args=(op.args[0], value.encode(), *op.args[2:]))


def _provider_op(op, token):
    return _changed(op, args=("W1", token), value="captured")


def _changed(op, **fields):
    return type(op)(**{name: fields.get(name, getattr(op, name)) for name in op.__struct_fields__})


def trials():
    calm = Told().pay("W1", 1, 2).capture("W1", 1.5)
    return [
        Trial("partition", "set-nx", twice().history),
        Trial("partition", "home-region", calm.history),
    ]


def test_every_figure_is_drawn_with_its_caption(tmp_path):
    pictures = {picture.path.name: picture.caption for picture in draw_all(trials(), tmp_path)}
    assert list(pictures) == ["availability.png", "duplicates.png", "one-duplicate.png"]
    assert "partition: set-nx 100.0%" in pictures["availability.png"]
    assert pictures["duplicates.png"].endswith("partition: set-nx 1, home-region 0.")
    for name in pictures:
        assert imread(tmp_path / name).shape[2] == 4


def test_the_same_trials_are_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        draw_all(trials(), tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_nothing_is_drawn_of_what_is_not_there(tmp_path):
    empty = [Trial("base", "", History())]
    assert availability.draw(empty, tmp_path) == []
    assert duplicates.draw(empty, tmp_path) == []
    assert one_duplicate.draw(empty, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_duplicate_is_told_step_by_step():
    told = twice()
    [case] = one_duplicate.cases(told.history)
    lanes, points, arrows = one_duplicate.story(told.history, case)
    assert lanes == [
        "Redis West Europe",
        "payer West Europe#1",
        "user",
        "provider North Europe",
        "payer East US#2",
        "Redis East US",
    ]
    assert one_duplicate.told(points, arrows) == [
        "0:01.000  user → payer West Europe#1: pay!",
        "0:01.000  payer West Europe#1 → Redis West Europe: SET … NX",
        "0:01.001  Redis West Europe → payer West Europe#1: OK",
        "0:01.002  payer West Europe#1 → provider North Europe: capture",
        "0:01.002  Redis West Europe → Redis East US: news of the claim, "
        "which takes until 1:00.100",
        "0:01.200  provider North Europe: captured (1)",
        "0:01.300  payer West Europe#1 → user: dies before answering (lost)",
        "0:07.000  user → payer East US#2: pay!",
        "0:07.000  payer East US#2 → Redis East US: SET … NX",
        "0:07.001  Redis East US → payer East US#2: OK",
        "0:07.002  payer East US#2 → provider North Europe: capture",
        "0:07.300  provider North Europe: captured (2)",
        "0:07.500  payer East US#2 → user: paid",
    ]


def test_a_claim_that_is_not_granted_is_answered_nil():
    told = twice().op(f"SET {KEY} - NX EX 60", 6.9, 6.95, place=EAST, process=2, value=None)
    told.history.ops[-1] = _with_token(told.history.ops[-1], "East US#2 in-flight")
    [case] = one_duplicate.cases(told.history)
    _, points, arrows = one_duplicate.story(told.history, case)
    assert "0:06.925  Redis East US → payer East US#2: nil" in one_duplicate.told(points, arrows)


def test_a_capture_whose_reply_the_run_did_not_see_is_drawn_too(tmp_path):
    told = twice()
    told.history.ops[:] = [op for op in told.history.ops if op.name != "CAPTURE"]
    assert one_duplicate.draw([Trial("partition", "set-nx", told.history)], tmp_path)


def test_a_store_that_is_not_redis_is_not_called_so():
    told = twice()
    del told.history.readings[EAST]
    [case] = one_duplicate.cases(told.history)
    lanes, _, _ = one_duplicate.story(told.history, case)
    assert (lanes[0], lanes[-1]) == ("Redis West Europe", EAST)


def test_a_figure_of_a_duplicate_names_its_payment(tmp_path):
    [picture] = one_duplicate.draw(trials(), tmp_path)
    assert b"both grant payment W1, and both capture it" in picture.path.read_bytes()


class TestSpacetime:
    POINTS = (Point("A", 5, "reads 1", "red"),)
    ARROWS = (Arrow("A", 1, "B", 9, "one"), Arrow("B", 2, "A", None, "two", dashed=True))

    def test_rows_are_in_the_order_of_time(self):
        assert rows_of(self.POINTS, self.ARROWS) == {1: 0, 2: 1, 5: 2, 9: 3}

    def test_lanes_points_arrows_and_spans_are_all_there(self):
        spans = [Span(2, 6, "cut"), Span(100, 200, "later")]
        figure = diagram(["A", "B"], self.POINTS, self.ARROWS, "a title", spans)
        [axes] = figure.axes
        texts = [text.get_text() for text in axes.texts]
        assert {"reads 1", "one", "two", "cut"} <= set(texts)
        assert "later" not in texts
        assert [label.get_text() for label in axes.get_xticklabels()] == ["A", "B"]
        assert axes.get_title() == "a title"

    def test_a_span_holds_the_row_of_its_end_and_shades_no_row_twice(self):
        spans = [Span(1, 5, "cut"), Span(1, 5, "cut"), Span(2, 9, "outage")]
        [axes] = diagram(["A", "B"], self.POINTS, self.ARROWS, "", spans).axes
        boxes = [each for each in axes.patches if isinstance(each, Rectangle)]
        bands = [(box.get_y(), box.get_height()) for box in boxes]
        assert bands == [(0.5, 1), (1.5, 1), (2.5, 1)]  # the rows of the times 2, 5 and 9
        assert {"cut", "outage"} <= set("\n".join(t.get_text() for t in axes.texts).split("\n"))

    def test_a_long_label_keeps_its_beginning_and_its_end_and_has_room(self):
        label = f"SET {'k' * 60} {'v' * 60} NX EX 86400 → OK"
        figure = diagram(["A", "B"], [Point("B", 5, label)], [], "a title " * 20)
        figure.draw_without_rendering()
        [axes] = figure.axes
        [text] = axes.texts
        assert text.get_text().startswith("SET kk")
        assert text.get_text().endswith("NX EX 86400 → OK")
        for shown in (text, axes.title):
            box = shown.get_window_extent()
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1

    def test_nothing_at_all_is_a_diagram_too(self):
        assert diagram([WEST], [], [], "empty").axes
