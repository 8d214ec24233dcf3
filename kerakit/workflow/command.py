"""A recipe as a command: a quiet start, errors of one line, exit codes."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kerakit.backend import check_backend
from kerakit.checks import check_float, check_int, check_levels, check_run_numbers
from kerakit.errors import KerakitError
from kerakit.quiet import note_stream_hidden
from kerakit.status import also_in_pipes, status
from kerakit.workflow.flags import RunFlags
from kerakit.workflow.flags.names import flags_of, with_flags
from kerakit.workflow.jobs import typed_command
from kerakit.workflow.learning_rate import show_learning_rate
from kerakit.workflow.pipes import closed_pipes_ignored
from kerakit.workflow.run import Result, Timer, check_tensorboard, finish_run, start_run

__all__ = ["command_line", "exit_code", "import_quietly", "run_recipe"]


def command_line(
    config_class: type,
    run: Callable[[Any], object],
    description: str | None,
    arguments: Sequence[str] | None = None,
    interrupted: str | None = None,
    verb: str = "train",
) -> None:
    """Run a recipe from the command line, and exit with its code.

    The exit code is 0 when the run is done, 1 when it failed on the way, 2 for bad input
    (nothing is written) and 130 when the user interrupted it.

    Args:
        config_class: the dataclass of the recipe's flags.
        run: the recipe's `run(config)`.
        description: the text that `--help` shows, which is the recipe's docstring.
        arguments: the flags, as `kerakit train JOB` passes them on. A script passes `None`:
            its flags are those of `sys.argv`.
        interrupted: a sentence for the user who interrupts the run. By default it says that
            the same command goes on from the last finished epoch.
        verb: `train` or `tune`, the command that runs the job. Defaults to `train`.
    """
    import tyro

    flags = flags_of([field.name for field in dataclasses.fields(config_class)])
    program = None  # the name of the script
    if arguments is not None:
        job = config_class.__module__.rpartition(".")[2].replace("_", "-")
        program = f"kerakit {verb} {job}"

    def action() -> None:
        config = tyro.cli(
            config_class,
            prog=program,
            description=description,
            args=arguments,
            config=(tyro.conf.DisallowNone,),  # a flag that is not given has no word for that
        )
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        _check_numbers(config)
        check_tensorboard(config)
        check_backend()
        if _needs_tensorflow(config):
            import_quietly()
        with also_in_pipes():
            run(config)

    sys.exit(exit_code(action, interrupted, flags))


def run_recipe(
    config: RunFlags,
    load: Callable[[Any], Any],
    build: Callable[..., Any],
    train: Callable[..., Any],
) -> Result:
    """Load the data of a recipe; build, train, evaluate and export its model.

    An interrupted run continues. A finished run makes the next version.

    Args:
        config: the flags of the recipe.
        load: function of the flags. It returns the `Data`, or a tuple of the `Data` and of what
            `build` needs beside them.
        build: function of the flags and of what `load` returned. It returns the compiled
            `keras.Model`.
        train: function of the flags, the model, the `Data` and the folder of the run. It
            returns the `keras.callbacks.History`.

    Returns:
        The `Result`.

    Raises:
        KerakitError: when a flag or the data cannot be used; the message says what to do.
        SystemExit: with code 0, after `--find-learning-rate`.
    """
    timer = Timer()
    loaded = load(config)
    loaded = loaded if isinstance(loaded, tuple) else (loaded,)
    data = loaded[0]
    timer.mark("data")
    import_quietly()  # after the data: an error in a file does not wait for TensorFlow
    timer.mark("import")
    model = build(config, *loaded)
    if config.find_learning_rate:
        show_learning_rate(config, model, data)
    with start_run(config) as run:
        history = train(config, model, data, run.folder)
        timer.mark("train")
        return finish_run(config, run, model, data, history, timer)


def _check_numbers(config: Any) -> None:
    """Check the numbers of a recipe's run, before data and TensorFlow are loaded."""
    if isinstance(config, RunFlags):
        check_run_numbers(
            "fit",
            epochs=1
            if config.epochs in (None, "auto")
            else config.epochs,  # it depends on the data
            batch_size=config.batch_size,
            seed=config.seed,
            cache_mb=config.cache_mb,
            learning_rate=config.learning_rate,
        )
        check_float("calibrate", "coverage", config.coverage, "(0.0, 1.0)")
    quantiles, origins = (getattr(config, name, None) for name in ("quantiles", "origins"))
    if quantiles is not None:
        check_levels("sequence_forecaster", "quantiles", quantiles, odd=True)
    if origins is not None:
        check_int("evaluate", "origins", origins, minimum=1)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Import without the garbage collector, which takes a sixth of the CPU time of the import.

    None of the million objects is garbage: later collections leave them out.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def import_quietly(module: str = "keras") -> None:
    """Import Keras, or another module, and hide the notes that TensorFlow prints.

    TensorFlow prints notes about processors and drivers before its log level counts. Errors
    are raised as usual.

    Args:
        module: the name of the module to import.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The line of the status is written to where standard error goes outside the block.
    with (
        open(os.dup(2), "w", encoding="utf-8") as stream,
        status("Starting TensorFlow", stream=stream),
        note_stream_hidden(),
        _uncollected(),
    ):
        importlib.import_module(module)


def exit_code(
    action: Callable[[], object],
    interrupted: str | None = None,
    flags: Mapping[str, str] | None = None,
) -> int:
    """Call `action`; print an error as one line; return the exit code of the process.

    A reader that closes the output, such as `head`, changes neither the work nor the code.

    Args:
        action: the work of the command. Its `SystemExit`, by which a parser of flags ends
            after `--help`, becomes the exit code as well.
        interrupted: a sentence for the user who interrupts the work. By default it says that
            the same command goes on from the last finished epoch.
        flags: dict from parameter to flag, as `flags_of` returns it. Errors and warnings then
            name flags, and a warning is one line. Defaults to `None`: messages stay as they are.
    """
    with closed_pipes_ignored():
        try:
            with warnings.catch_warnings():
                if flags is not None:
                    warnings.showwarning = _note_printer(flags)
                return _exit_status(action)
        except KeyboardInterrupt:
            goes_on = f"The same command goes on from the last finished epoch: {typed_command()}"
            print(f"\nInterrupted. {interrupted or goes_on}", file=sys.stderr)
            return 130
        except KerakitError as error:
            message = str(error) if flags is None else with_flags(str(error), flags)
            print(f"error: {message}", file=sys.stderr)
            return 2 if isinstance(error, ValueError) else 1
        except OSError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1


def _note_printer(flags: Mapping[str, str]) -> Callable[..., None]:
    """Return a function for `warnings.showwarning` that prints a kit's warning as one line."""
    show_warning = warnings.showwarning

    def show_note(message: Any, category: type[Warning], *location: Any, **options: Any) -> None:
        # The user needs the message of a loader's warning, but not the line of code.
        if issubclass(category, UserWarning):
            print(f"note: {with_flags(str(message), flags)}", file=sys.stderr)
        else:
            show_warning(message, category, *location, **options)

    return show_note


def _needs_tensorflow(config: Any) -> bool:
    """Whether the data that the flags name are read by TensorFlow."""
    images = getattr(config, "images", None)
    is_tfds = str(getattr(config, "dataset", "")).startswith("tfds:")
    return is_tfds or (images is not None and os.path.isdir(images))


def _exit_status(action: Callable[[], object]) -> int:
    """Call `action`; return 0, or the code with which it ended the process."""
    try:
        action()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
