//! System calls of the family `time`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
