"""What a server must keep whatever happens to it: real processes, real files, real disks, real HTTP."""
