//! System calls of the family `net`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
