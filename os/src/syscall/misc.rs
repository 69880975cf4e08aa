//! System calls of the family `misc`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
