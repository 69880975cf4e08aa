//! System calls of the family `poll`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
