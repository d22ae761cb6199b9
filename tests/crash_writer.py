"""A process that records until it is killed, and acknowledges each record over its standard output."""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

import lakegraph
from lakegraph.errors import LakegraphError
from tests.generated import study


def main(directory: str, start: int, group: int, file_limit: int) -> None:
    lake = lakegraph.open(Path(directory))
    if file_limit:
        # A full disk, as a process sees it: writes beyond the limit fail, here with EFBIG.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    print("ready", flush=True)
    number = start
    while True:
        names = [f"s{number + n}" for n in range(group)]
        try:
            answers = (
                list(lake.record_many([study(name) for name in names])) if group > 1 else [lake.record(study(names[0]))]
            )
        except LakegraphError as error:
            print(f"error {error.code}", flush=True)
            return
        failed = [a for a in answers if isinstance(a, LakegraphError)]
        if failed:
            print(f"error {failed[0].code}", flush=True)
            return
        print("acked " + " ".join(names), flush=True)
        number += group


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
