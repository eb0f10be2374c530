"""How a process that trains or scores on the CPU deals with the system's memory."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGEST_MMAP_THRESHOLD = 32 << 20  # bytes, glibc's limit


def keep_memory() -> None:
    """What is freed stays with the process, for tensors of the same sizes come again in the next pass.

    Else glibc gives it back to the system, and each pass begins by having every page mapped and cleared anew: an eighth
    of a training step on two cores. Does nothing where the C library has no `mallopt`.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
