"""A recipe as a command: quiet start, one-line errors, exit codes."""

import importlib
import os
import sys
import warnings

from kerakit.errors import KerakitError

__all__ = ["command_line", "exit_code", "import_quietly"]

_GOES_ON = "The same command goes on from the last finished epoch."


def command_line(config_class, run, description, interrupted=_GOES_ON):
    """Run a recipe from the command line, and exit with its code.

    0 done, 1 failed on the way, 2 bad input (nothing written), 130 interrupted; `interrupted`
    says what has become of the work then.
    """
    import tyro

    config = tyro.cli(config_class, description=description)

    shown = warnings.showwarning

    def note(message, category, *place, **more):
        # What a loader left out or wonders about is for the user; the line of code is not.
        if issubclass(category, UserWarning):
            print(f"note: {message}", file=sys.stderr)
        else:
            shown(message, category, *place, **more)

    def action():
        import_quietly()
        warnings.showwarning = note
        run(config)

    sys.exit(exit_code(action, interrupted))


def import_quietly(module="keras"):
    """Import Keras, or `module`, and so TensorFlow, without the notes that it prints.

    They are about processors and drivers, written before its log level counts; what goes
    wrong is raised all the same.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        importlib.import_module(module)
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def exit_code(action, interrupted=_GOES_ON):
    """Call `action`; print an error as one line; return the exit code it stands for.

    `interrupted` says what has become of the work when the user stops it.
    """
    try:
        action()
    except KeyboardInterrupt:
        print(f"\nInterrupted. {interrupted}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Who read the output has seen enough, such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KerakitError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
