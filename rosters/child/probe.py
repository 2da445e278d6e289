"""The job that says which parts of the sandbox are on: `{"parts": [names of sandbox.PARTS]}`."""

from . import job


def probe(arguments: dict, content: bytes, parts: list[str]) -> None:
    """Write the parts."""
    job.say({"parts": parts})


if __name__ == "__main__":
    job.run(probe)
