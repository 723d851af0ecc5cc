//! VersionControl on a bare repository of this machine, pull requests included.
