//! Writes a cpio archive in the "newc" format that Linux unpacks as its first root
//! (Documentation/driver-api/early-userspace/buffer-format.rst).
//!
//! Called by [`super`]. An entry is a header of thirteen eight-digit hexadecimal numbers
//! behind a magic, the name with its NUL, and the content; name and content each
//! fill up to a multiple of four bytes.

/// An archive under construction.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

impl Archive {
    /// A directory, mode 0755. Parents come first.
    pub fn directory(&mut self, name: &str) {
        self.entry(name, DIRECTORY | 0o755, (0, 0), &[]);
    }

    /// A file with `mode`.
    pub fn file(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entry(name, FILE | mode, (0, 0), content);
    }

    /// A character device of that major and minor number, mode 0600.
    pub fn character_device(&mut self, name: &str, numbers: (u32, u32)) {
        self.entry(name, CHARACTER_DEVICE | 0o600, numbers, &[]);
    }

    /// The archive, closed.
    pub fn finish(mut self) -> Vec<u8> {
        self.entries = 0;
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        // Inode numbers matter for hard links alone, of which there are none.
        self.entries += 1;
        let links = if mode & DIRECTORY == DIRECTORY { 2 } else { 1 };
        let fields = [
            self.entries,
            mode,
            0, // owner
            0, // group
            links,
            0, // modification time: two archives of the same content are the same
            content.len() as u32,
            0, // device that held it
            0,
            device.0,
            device.1,
            name.len() as u32 + 1,
            0, // checksum, unused in this format
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(content);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an archive back: name, mode, content.
    fn read(mut rest: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        loop {
            assert_eq!(&rest[..6], b"070701");
            let field = |at: usize| {
                let digits = &rest[6 + at * 8..14 + at * 8];
                u32::from_str_radix(std::str::from_utf8(digits).expect("ascii"), 16).expect("hex")
            };
            let (mode, size, name_size) = (field(1), field(6) as usize, field(11) as usize);
            let name = String::from_utf8_lossy(&rest[110..110 + name_size - 1]).into_owned();
            let start = (110 + name_size).next_multiple_of(4);
            if name == "TRAILER!!!" {
                return entries;
            }
            entries.push((name, mode, rest[start..start + size].to_vec()));
            rest = &rest[(start + size).next_multiple_of(4)..];
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut archive = Archive::default();
        archive.directory("dev");
        archive.character_device("dev/console", (5, 1));
        archive.file("init", 0o755, b"#!x\n");
        archive.file("odd", 0o644, b"12345");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let entries = read(&bytes);
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0], ("dev".into(), 0o040_755, vec![]));
        assert_eq!(entries[1].1, 0o020_600);
        assert_eq!(entries[2], ("init".into(), 0o100_755, b"#!x\n".to_vec()));
        assert_eq!(entries[3].2, b"12345");
    }
}
