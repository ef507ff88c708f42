"""Work that would hold up a process: done in a native thread, or in another process."""
