//! Thread names: 15 bytes and a NUL. prctl(2) PR_SET_NAME.

/// A name as /proc/pid/comm shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name([u8; 16]);

impl Name {
    /// The first 15 bytes of `text`, up to a NUL.
    pub fn new(text: &[u8]) -> Name {
        let len = text
            .iter()
            .position(|&b| b == 0)
            .unwrap_or(text.len())
            .min(15);
        let mut name = [0; 16];
        name[..len].copy_from_slice(&text[..len]);
        Name(name)
    }

    /// The name of a program: its path's last component.
    pub fn of_program(path: &[u8]) -> Name {
        Name::new(path.rsplit(|&b| b == b'/').next().unwrap_or(path))
    }

    /// With padding, as PR_GET_NAME copies it.
    pub fn padded(&self) -> &[u8; 16] {
        &self.0
    }

    /// Without padding.
    pub fn bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(16);
        &self.0[..len]
    }
}
