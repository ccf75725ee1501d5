"""A parser that crashes or hangs becomes one sentence, and the next call works again."""

import ctypes
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from twin.scenario.child import ChildError, close_children, run_guarded, stop_children
from twin.scenario.problems import ScenarioError


@pytest.fixture(autouse=True)
def no_children_left():
    yield
    close_children()


def test_a_result_comes_back_from_another_process():
    assert run_guarded(os.getpid) != os.getpid()


def test_calls_share_one_child():
    assert run_guarded(os.getpid) == run_guarded(os.getpid)


def test_a_segmentation_fault_is_a_sentence_and_the_next_call_works():
    with pytest.raises(ScenarioError, match=r"^EPANET, reading net\.inp crashed \(segmentation fault"):
        run_guarded(ctypes.string_at, 0, what="EPANET, reading net.inp")
    assert run_guarded(len, "abc") == 3


def test_a_function_that_ends_the_process_is_a_sentence_with_its_code():
    with pytest.raises(ChildError, match="code 7"):
        run_guarded(os._exit, 7)


def test_the_last_words_of_a_crash_are_told():
    with pytest.raises(ChildError, match="last words: corrupted size"):
        run_guarded(exec, "import os; os.write(2, b'corrupted size\\n'); os.abort()")


def test_a_function_that_hangs_is_stopped_in_time():
    began = time.monotonic()
    with pytest.raises(ChildError, match=r"did not come to an end within 0\.3 s"):
        run_guarded(time.sleep, 60, timeout_s=0.3)
    assert time.monotonic() - began < 20  # start of a Python process on a busy machine, far from 60
    assert run_guarded(len, "abc") == 3


def test_an_ordinary_exception_passes_through_and_keeps_the_child():
    before = run_guarded(os.getpid)
    with pytest.raises(json.JSONDecodeError, match="Expecting value"):
        run_guarded(json.loads, "nonsense")
    assert run_guarded(os.getpid) == before


def test_an_exception_that_cannot_be_pickled_keeps_its_text():
    source = "class Odd(Exception):\n    pass\nraise Odd('valve without a node')"
    with pytest.raises(ChildError, match="Odd: valve without a node"):
        run_guarded(exec, source, {})


def test_an_idle_child_that_was_killed_is_replaced():
    child = run_guarded(os.getpid)
    os.kill(child, 9)
    time.sleep(0.2)
    assert run_guarded(os.getpid) != child


def test_threads_do_not_wait_for_each_other():
    """Both sleep at the same time, so each has a process of its own."""
    slow_pid = "__import__('time').sleep(1.0) or __import__('os').getpid()"
    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(run_guarded, eval, slow_pid) for _ in range(2)]
        assert len({job.result() for job in jobs}) == 2


def test_output_of_an_engine_does_not_reach_the_terminal(capfd):
    run_guarded(print, "EPANET 2.2 (Build 2.2.0)")
    assert capfd.readouterr().out == ""


def refuse():
    raise ScenarioError(["net.inp:3  no such node", "net.inp:9  no such pipe"])


def test_all_lines_of_bad_input_come_back():
    with pytest.raises(ScenarioError) as caught:
        run_guarded(refuse)
    assert caught.value.lines == ["net.inp:3  no such node", "net.inp:9  no such pipe"]


def test_stopping_ends_what_is_running():
    with ThreadPoolExecutor(1) as threads:
        job = threads.submit(run_guarded, time.sleep, 60)
        time.sleep(0.5)
        stop_children()
        with pytest.raises(ChildError, match="crashed"):
            job.result(timeout=20)
