"""The script that checks an export in a process that has TensorFlow only.

    python -P process.py FOLDER

prints `{"checks": [{"name", "ok", "detail"}, ...], "latency": {...}}` as one line of JSON.
It imports neither kerakit nor Keras nor the model's code: what passes here needs none.
"""

import gc
import json
import os
import sys

if __name__ == "__main__":
    # None of the objects that an import makes is garbage, and the process is short.
    gc.disable()
    # At the end of the path, where the names of kerakit's modules hide no other's.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    # TensorFlow would import Keras, which no server has; nothing here may need it.
    sys.modules["keras"] = None
    from standalone.checks import main

    print(json.dumps(main(sys.argv[1])))
