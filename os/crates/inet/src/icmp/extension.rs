//! Extensions behind the packet that an ICMP error quotes: RFC 4884, and what Linux tells of them (ip_icmp_error_rfc4884).

use crate::checksum::Sum;

/// The shortest quote that extensions may follow: RFC 4884 section 3.
const SHORTEST_QUOTE: usize = 128;
/// Version, reserved bits and checksum: section 7.
const STRUCTURE: usize = 4;
/// Length, class and type of an object: section 7.
const OBJECT: usize = 4;
const VERSION: u8 = 2;

/// Where extensions are (`struct sock_ee_data_rfc4884`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Offset from the beginning of the quoted payload, in bytes.
    pub offset: u16,
    /// The checksum or an object's length is wrong.
    pub invalid: bool,
}

impl Extension {
    /// `quoted` bytes of the error are the packet, by its length field (0: it has none), of which `stripped` are headers that
    /// `payload`, what is left of the error, no longer has.
    pub(crate) fn find(quoted: usize, stripped: usize, payload: &[u8]) -> Option<Extension> {
        if quoted < SHORTEST_QUOTE {
            return None;
        }
        let offset = quoted.checked_sub(stripped)?;
        let structure = payload.get(offset..)?;
        if structure.len() < STRUCTURE {
            return None;
        }
        Some(Extension {
            offset: u16::try_from(offset).ok()?,
            invalid: !is_valid(structure),
        })
    }
}

fn is_valid(structure: &[u8]) -> bool {
    // Another version's rules are not known.
    if structure[0] >> 4 != VERSION {
        return true;
    }
    let summed = structure[2..4] != [0, 0];
    if summed && !Sum::default().bytes(structure).is_valid() {
        return false;
    }
    let mut objects = &structure[STRUCTURE..];
    while let Some(&[high, low]) = objects.first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        match objects.get(length..) {
            Some(rest) if length >= OBJECT => objects = rest,
            _ => return false,
        }
    }
    objects.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn extensions_are_found_and_judged() {
        // 128 bytes of packet, 28 of them headers; then a structure with one object of eight bytes.
        let mut payload = vec![0; 100];
        payload.extend([0x20, 0, 0, 0, 0, 8, 1, 1, 1, 2, 3, 4]);
        let found = |offset, invalid| Some(Extension { offset, invalid });
        assert_eq!(Extension::find(128, 28, &payload), found(100, false));
        assert_eq!(Extension::find(0, 28, &payload), None);
        assert_eq!(Extension::find(124, 28, &payload), None);
        assert_eq!(Extension::find(140, 28, &payload), None);
        assert_eq!(Extension::find(136, 28, &payload), found(108, false));
        let sum = Sum::default().bytes(&payload[100..]).finish();
        payload[102..104].copy_from_slice(&sum);
        assert_eq!(Extension::find(128, 28, &payload), found(100, false));
        payload[103] ^= 1;
        assert_eq!(Extension::find(128, 28, &payload), found(100, true));
        payload[102..104].fill(0);
        payload[105] = 7;
        assert_eq!(Extension::find(128, 28, &payload), found(100, true));
    }
}
