"""The machine that trains, in words."""

import os
import pathlib

import keras
import numpy as np
import tensorflow as tf

__all__ = ["cpu_words", "machine"]


def machine():
    """Return what the speed of a step depends on beside the step, as a dict of JSON values."""
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = [keras.__version__, tf.__version__, np.__version__]
    return {"gpus": details, "cpu": sorted(cpu_words("model name")), "cores": cores, "of": versions}


def cpu_words(field):
    """Return the words of a field of /proc/cpuinfo, as a set; empty where it is missing."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    found = next((line for line in lines if line.split(":")[0].strip() == field), ":")
    return set(found.partition(":")[2].split())
