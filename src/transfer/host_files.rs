//! The files of the user's machine, as far as they are sent into containers.

use std::io;
use std::path::Path;

use crate::engine::build::BuildFiles;
use crate::engine::engine::ByteStream;

/// Reads files and directories of the machine where nestctl runs.
pub trait HostFiles: BuildFiles {
    /// A tar archive of a file or a directory, with modes, owners and symbolic links as they are. Its entries are
    /// called `name`, and `name/…` for what a directory holds, in the order of their names. Sockets, pipes and
    /// devices are left out. A file that cannot be read or changes while it is read breaks the stream.
    fn tree(&self, path: &Path, name: &str) -> io::Result<ByteStream>;

    /// SHA-256 over names, kinds, modes, contents and link targets below a path, in hexadecimal: the same for the
    /// same tree, wherever it lies, whoever owns it and whenever it was written. Blocks while it reads.
    fn digest(&self, path: &Path) -> io::Result<String>;
}
