"""The trials of `tune`: a model is built, compiled and trained with the values of each."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from kerakit.builders.contract import BACKBONE, submodels_of
from kerakit.builders.search_space import Choice, Range
from kerakit.checks import check, short_repr
from kerakit.data.data import Data
from kerakit.errors import ArgumentError
from kerakit.integrations.keras_tuner.space import Space, read_space
from kerakit.integrations.seeding import seeded
from kerakit.presets import compile as compile_model
from kerakit.presets.settings import settings_of
from kerakit.training import fine_tune, fit
from kerakit.training.options import FitOptions

__all__ = ["TrialOptions", "Trials"]

OWNER = "tune"
# The arguments of `compile` and of `fit` that may be tried. A loss cannot: it decides.
COMPILE = ("learning_rate", "schedule", "optimizer", "weight_decay")
FIT = ("batch_size", "augment", "class_weight")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialOptions:
    """What all trials of a search share; `tune` says what each value means."""

    epochs: int
    preset: Any = None
    class_weight: Any = None
    augment: str | None = None
    early_stopping: bool | int = True
    precision: str = "auto"
    seed: int = 0
    cache_mb: int = 512


class Trials:
    """Builds and trains the models of a search.

    Args:
        builder: function of `(data, **arguments)`.
        data: `Data`.
        options: `TrialOptions`.
    """

    def __init__(
        self, builder: Callable[..., keras.Model], data: Data, options: TrialOptions
    ) -> None:
        self.builder, self.data, self.options = builder, data, options
        self.name = _name_of(builder)
        self._parameters = _parameters_of(builder)
        self._compiles = False  # whether the builder compiles its models itself

    def space(self, given: Mapping[str, Any] | Sequence[str] | None) -> Space:
        """Return the space of the search, after a look at the model of the defaults.

        Args:
            given: the `space` of `tune`.

        Raises:
            ArgumentError: when a name or a value is wrong, or there is nothing to try.
        """
        defaults = _defaults(self._parameters)
        if any(_required(each) for each in self._parameters.values()):
            model, declared = None, {}
        else:
            model = self._built({})
            declared = self._declared(model)
        known = {**self._known(model), **defaults}
        if given is None and not declared:
            raise ArgumentError(self._nothing(model))
        space = read_space(OWNER, given, declared, known)
        if given is not None:
            self._try_values(given, space)
        return space

    def train(
        self, values: Mapping[str, Any], folder: pathlib.Path, verbose: Any
    ) -> tuple[keras.Model, keras.callbacks.History]:
        """Train the model of a trial in its run folder.

        Args:
            values: dict from argument to value.
            folder: path of the run folder.
            verbose: as in `fit`.
        """
        model = self._built(values)
        tuned = bool(submodels_of(model, [BACKBONE]))
        settings = self._fit_settings(values)
        train = fine_tune if tuned else fit
        if tuned and settings["augment"] is None:
            del settings["augment"]
        return model, train(model, self.data, run_dir=folder, verbose=verbose, **settings)

    def identity(self, space: Space, algorithm: str) -> dict[str, Any]:
        """Return what makes a search another one: dict of JSON values by the names of errors."""
        spec, options = self.data.spec, self.options
        preset = options.preset
        return {
            "data": spec.fingerprint,
            "split": {**spec.sizes, "seed": spec.seed},
            "builder": self.name,
            "space": space.described(),
            "algorithm": algorithm,
            "preset": getattr(preset, "name", preset),
            **{
                field.name: getattr(options, field.name)
                for field in dataclasses.fields(options)
                if field.name not in ("preset", "cache_mb")
            },
        }

    def _built(self, values):
        """The compiled model of a trial, with initial weights that depend on the seed alone."""
        own = {name: value for name, value in values.items() if name in self._parameters}
        with seeded(self.options.seed):
            model = self.builder(self.data, **own)
        check(
            isinstance(model, keras.Model),
            OWNER,
            "builder",
            "a function (data, **arguments) -> keras.Model",
            self.builder if model is None else model,
        )
        self._compiles = bool(model.compiled) and self.options.preset is None
        if not self._compiles:
            rest = {n: v for n, v in values.items() if n in COMPILE and n not in own}
            compile_model(model, self.options.preset, **rest)
        return model

    def _fit_settings(self, values):
        options = self.options
        settings = {
            "epochs": options.epochs,
            "batch_size": None,
            "class_weight": options.class_weight,
            "augment": options.augment,
            "early_stopping": options.early_stopping,
            "precision": options.precision,
            "seed": options.seed,
            "cache_mb": options.cache_mb,
        }
        own = self._parameters
        return settings | {n: v for n, v in values.items() if n in FIT and n not in own}

    def _declared(self, model):
        """What the builder and the preset declare, but for what a partial function fixes."""
        found: dict[str, Range | Choice] = {}
        function = self.builder
        while isinstance(function, functools.partial):
            function = function.func
        fixed = _fixed_by(self.builder)
        for name, entry in getattr(function, "search_space", {}).items():
            if name not in fixed:
                found[name] = entry
        settings = settings_of(model)
        if not self._compiles and not settings.measured:
            for name, entry in settings.preset.search_space.items():
                found.setdefault(name, entry)
        return found

    def _known(self, model):
        """The names outside the builder that may be tried, and their defaults."""
        if self._compiles:
            return dict.fromkeys(FIT)
        known: dict[str, Any] = dict.fromkeys((*COMPILE, *FIT))
        if model is not None:
            preset = settings_of(model).preset
            known |= {"learning_rate": preset.learning_rate, "batch_size": preset.batch_size}
            known["weight_decay"] = dict(preset.options).get("weight_decay")
        return known

    def _nothing(self, model):
        if model is not None and settings_of(model).measured:
            return (
                f"tune has nothing to try for {self.name}: fit solves the model, and l2='auto' "
                "chooses its penalty on the validation rows. Use "
                f"kk.{self.name}(data, l2='auto'), or name a space: space={{'l2': [...]}}."
            )
        return (
            f"tune has nothing to try for {self.name}, which declares no search space. Name one: "
            "space={'argument': [...]}."
        )

    def _try_values(self, given, space):
        """Build, compile and check a model for every end of what the user gave."""
        base = {name: entry.middle() for name, entry in space.entries.items()}
        base = {n: v for n, v in base.items() if _required(self._parameters.get(n, _OPTIONAL))}
        tries: list[tuple[dict[str, Any], str | None]] = []
        if space.fixed:
            tries = [({**base, **space.fixed}, None)]
        if isinstance(given, Mapping):
            for name, entry in space.entries.items():
                tries += [({**base, **space.fixed, name: end}, name) for end in entry.ends]
        for values, name in tries:
            try:
                model = self._built(values)
                FitOptions(owner=OWNER, **self._fit_settings(values)).check(model, self.data)
            except (ArgumentError, TypeError, ValueError) as error:
                names = space.fixed if name is None else [name]
                shown = ", ".join(f"{each}={short_repr(values[each])}" for each in names)
                raise ArgumentError(f"tune cannot try {shown}: {error}") from None


def _parameters_of(builder):
    """The keyword parameters of a builder, by name: all but the first, which takes the data."""
    found = list(inspect.signature(builder).parameters.values())
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {each.name: each for each in found[1:] if each.kind not in kinds}


_OPTIONAL = inspect.Parameter("optional", inspect.Parameter.KEYWORD_ONLY, default=None)


def _required(parameter):
    return parameter.default is parameter.empty


def _defaults(parameters):
    return {n: None if _required(each) else each.default for n, each in parameters.items()}


def _fixed_by(builder):
    return set(builder.keywords) if isinstance(builder, functools.partial) else set()


def _name_of(builder):
    while isinstance(builder, functools.partial):
        builder = builder.func
    return getattr(builder, "__name__", type(builder).__name__)
