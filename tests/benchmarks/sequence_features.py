"""What each mixture of the features of `encoder="rocket"` is worth on series left out.

    python tests/benchmarks/sequence_features.py --data DIR [--seeds 0 1] [--sets GunPoint ...]

DIR holds folders NAME with NAME_TRAIN.ts, as the UCR and UEA archives have them. Only training rows
are read. Each is predicted by the others; the figures are the mean log loss and the errors of all
of them, for each mixture at its best penalty, for the best mixture, and for the average that
`kk.fit` takes.
"""

import argparse
import pathlib

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--sets", nargs="+")
    flags = parser.parse_args()
    names = flags.sets or sorted(each.name for each in flags.data.iterdir() if each.is_dir())
    for name in names:
        found = [left_out(flags.data / name / f"{name}_TRAIN.ts", seed) for seed in flags.seeds]
        print(name)
        for mixture in found[0]:
            loss, errors = np.mean([each[mixture] for each in found], axis=0)
            print(f"  {mixture:32} log loss {loss:.4f}  errors {errors:.1f}", flush=True)


def left_out(path, seed):
    """A dict from mixtures to `(log loss, errors)` of the training rows of a file."""
    import kerakit as kk
    from kerakit.builders.contract import linear_path_of
    from kerakit.training.linear_path.mixtures import kernel_matrices, solved_mixtures, weighted
    from kerakit.training.linear_path.rocket import RocketPath
    from kerakit.training.options import FitOptions
    from kerakit.training.runner import Runner

    data = kk.load_sequences(path, test=path, validation_size=0)
    model = kk.sequence_classifier(data, encoder="rocket")
    kk.compile(model)
    runner = Runner(model, data, FitOptions(owner="benchmark", epochs=1, seed=seed, verbose=0))
    path = RocketPath(linear_path_of(model), runner)
    path.solve()
    features, targets, _ = path.features("train")
    solved = solved_mixtures(kernel_matrices(features), targets)

    def worth(chosen):
        scores = targets.base + sum(
            each.weight * each.gain * (each.fit.left_out - targets.means) for each in chosen
        )
        return targets.loss(scores), targets.errors(scores)

    found = {", ".join(each.mixture): worth([each]) for each in solved}
    found["the best"] = worth([min(solved, key=lambda each: each.loss)])
    found["the average"] = worth(weighted(solved, targets))
    return found


if __name__ == "__main__":
    main()
