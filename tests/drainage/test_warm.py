"""The set-up's compilation run."""

from drainage import warm


def test_the_set_up_compiles_by_a_real_run_and_leaves_nothing_behind(capfd):
    """Were the little model refused, set-up would fail; SWMM must not talk either."""
    warm.main()
    assert capfd.readouterr().out == ""
