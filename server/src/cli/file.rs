//! Files that commands are given: regular ones, read within a bound.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// Bytes of a manifest, document or guide at most: as many as the OpenAPI engine takes.
const MAX_BYTES: u64 = 16 * 1_024 * 1_024;

/// Reads a file, of one that is too large a byte more than is allowed: for readers that refuse that with words of their
/// own.
///
/// # Errors
/// It cannot be read, or it is a pipe, a device or a folder.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_up_to(path, MAX_BYTES)
}

/// As [`read`], with another bound in bytes.
///
/// # Errors
/// As [`read`].
pub(super) fn read_up_to(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Before it is opened, which would wait for the other end of a pipe.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a text.
///
/// # Errors
/// As [`read`], and when it is larger than 16 MiB or not UTF-8.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read(path)?;
    let refused = |reason| io::Error::new(io::ErrorKind::InvalidData, reason);
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refused("it is larger than 16 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::TemporaryFolder;

    #[test]
    fn only_regular_files_of_a_sane_size_are_read() {
        assert!(
            read(Path::new("/dev/zero"))
                .unwrap_err()
                .to_string()
                .contains("regular")
        );
        let folder = TemporaryFolder::new("files").unwrap();
        assert!(read(folder.path()).is_err());
        let path = folder.path().join("text");
        fs::write(&path, "text").unwrap();
        assert_eq!(read_text(&path).unwrap(), "text");
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        assert_eq!(read(&path).unwrap().len() as u64, MAX_BYTES + 1);
        assert!(read_text(&path).unwrap_err().to_string().contains("16 MiB"));
        fs::write(&path, [0xFF]).unwrap();
        assert!(read_text(&path).unwrap_err().to_string().contains("UTF-8"));
    }
}
